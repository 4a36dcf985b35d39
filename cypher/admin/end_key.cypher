// end_key: let a key end at a time, or now and for good                                               scope: none
// $id STRING  $at STRING  $revoke BOOLEAN  -> id
MATCH (k:ApiKey {id: $id})
SET k.revoked_at = CASE WHEN $revoke THEN coalesce(k.revoked_at, datetime($at)) ELSE k.revoked_at END,
    k.expires_at = CASE WHEN NOT $revoke AND (k.expires_at IS NULL OR k.expires_at > datetime($at)) THEN datetime($at) ELSE k.expires_at END
RETURN k.id AS id
