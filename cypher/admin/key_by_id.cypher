// key_by_id: one key of the service, to check it                                                      scope: none
// $id STRING  -> id, tenant, name, hash, rights, created_at, expires_at?, exchanged_until?, revoked_at?
MATCH (k:ApiKey {id: $id})
RETURN k.id AS id, k.tenant AS tenant, k.name AS name, k.hash AS hash, k.rights AS rights, toString(k.created_at) AS created_at,
       toString(k.expires_at) AS expires_at, toString(k.exchanged_until) AS exchanged_until,
       toString(k.revoked_at) AS revoked_at
