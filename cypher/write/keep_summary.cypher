// keep_summary: what was said so far, in short, unless that was written or dropped meanwhile
// $scope STRING  $version INT  $text STRING  $until INT  $tokens INT  $prompt_version STRING  -> kept INT
MATCH (s:Scope {id: $scope})
WHERE coalesce(s.summary_version, 0) = $version
SET s.summary = $text, s.summary_until = $until, s.summary_version = $version + 1, s.summary_prompt = $prompt_version,
    s.summed_tokens = coalesce(s.summed_tokens, 0) + $tokens,
    s.unsummed_tokens = coalesce(s.unsummed_tokens, 0) - $tokens
RETURN count(s) AS kept
