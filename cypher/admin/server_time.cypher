// server_time: what time it is at the server      scope: none
// -> seconds INT (since 1970), UTC
RETURN datetime().epochSeconds AS seconds
