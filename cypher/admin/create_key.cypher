// create_key: keep a key of the service; of the key itself only the hash                              scope: none
// $id STRING  $tenant STRING  $name STRING  $hash STRING  $rights [STRING]  $now STRING  $expires STRING?
CREATE (k:ApiKey {id: $id})
SET k.tenant = $tenant, k.name = $name, k.hash = $hash, k.rights = $rights, k.created_at = datetime($now),
    k.expires_at = CASE WHEN $expires IS NULL THEN NULL ELSE datetime($expires) END
