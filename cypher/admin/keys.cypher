// keys: the keys of a tenant, or of all                                                              scope: none
// $tenant STRING? (null: all)  -> id, tenant, name, rights, created_at, expires_at?, exchanged_until?, revoked_at?
MATCH (k:ApiKey)
WHERE $tenant IS NULL OR k.tenant = $tenant
RETURN k.id AS id, k.tenant AS tenant, k.name AS name, k.rights AS rights, toString(k.created_at) AS created_at,
       toString(k.expires_at) AS expires_at, toString(k.exchanged_until) AS exchanged_until,
       toString(k.revoked_at) AS revoked_at
ORDER BY tenant, created_at, id
