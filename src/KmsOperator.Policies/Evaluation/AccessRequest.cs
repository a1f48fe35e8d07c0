namespace KmsOperator.Policies.Evaluation;

/// <summary>A request as a key policy sees it.</summary>
/// <param name="Caller">Who calls.</param>
/// <param name="Action">What, for example <c>kms:Decrypt</c>; no pattern.</param>
/// <param name="KeyArn">On which key.</param>
/// <param name="ValueOf">What is known of a condition key's values, by its name in any case.</param>
public sealed record AccessRequest(AccessCaller Caller, string Action, KeyArn KeyArn, Func<string, ContextValue> ValueOf);
