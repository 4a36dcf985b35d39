// drop_summary: the summary goes with words that it may hold, and is written anew from what is left
// $scope STRING
MATCH (s:Scope {id: $scope})
WHERE s.summary IS NOT NULL
SET s.summary_until = 0, s.summary_version = s.summary_version + 1,
    s.unsummed_tokens = s.unsummed_tokens + s.summed_tokens, s.summed_tokens = 0
REMOVE s.summary, s.summary_prompt
