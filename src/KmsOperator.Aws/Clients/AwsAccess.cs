namespace KmsOperator.Aws;

/// <summary>How the operator gets into an account, and which Region it talks to there.</summary>
/// <param name="RoleArn">The role to assume; null for the ambient credentials.</param>
/// <param name="ExternalId">External id for assuming the role.</param>
/// <param name="Region">Region of the calls.</param>
public sealed record AwsAccess(string? RoleArn, string? ExternalId, string Region);
