// await_writers: take every scope's write lock once, so that who writes afterwards sees what was noted before      scope: none
MATCH (s:Scope)
SET s.version = s.version
