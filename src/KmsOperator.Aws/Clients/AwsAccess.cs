namespace KmsOperator.Aws;

/// <summary>Which credentials and which Region the operator uses for a call.</summary>
/// <param name="RoleArn">The role to assume; null for the ambient credentials.</param>
/// <param name="ExternalId">External id that the role's trust policy may ask for.</param>
/// <param name="Region">Region of the calls.</param>
public sealed record AwsAccess(string? RoleArn, string? ExternalId, string Region);
