namespace KmsOperator.Keys.Create;

/// <summary>Makes the id of a create attempt, different each time.</summary>
internal delegate string NewAttemptId();
