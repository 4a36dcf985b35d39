// end_key: let a key end at a time as one that was exchanged, or now and for good                      scope: none
// $id STRING  $at STRING  $revoke BOOLEAN  -> id
MATCH (k:ApiKey {id: $id})
SET k.revoked_at = CASE WHEN $revoke THEN coalesce(k.revoked_at, datetime($at)) ELSE k.revoked_at END,
    k.exchanged_until = CASE WHEN NOT $revoke AND (k.exchanged_until IS NULL OR k.exchanged_until > datetime($at)) THEN datetime($at)
                             ELSE k.exchanged_until END
RETURN k.id AS id
