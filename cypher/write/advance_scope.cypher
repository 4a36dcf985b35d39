// advance_scope: keep the scope's counters after a write
// $scope STRING  $ledger INT  $seq INT  $changes INT  $tokens INT      (each is added)  $due INT (since when messages wait, -1 for none)
MATCH (s:Scope {id: $scope})
SET s.ledger_version = s.ledger_version + $ledger, s.seq = s.seq + $seq, s.change_number = s.change_number + $changes,
    s.unsummed_tokens = coalesce(s.unsummed_tokens, 0) + $tokens,
    s.due = CASE WHEN $due < 0 THEN s.due ELSE coalesce(s.due, $due) END
