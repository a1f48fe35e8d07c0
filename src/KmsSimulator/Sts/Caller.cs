namespace KmsSimulator.Sts;

/// <summary>Who calls.</summary>
/// <param name="AccountId">12 digits.</param>
/// <param name="Arn">As GetCallerIdentity shows it.</param>
/// <param name="PrincipalArn">As policies name it: for an assumed role, the role.</param>
/// <param name="UserId">Unique id.</param>
internal sealed record Caller(string AccountId, string Arn, string PrincipalArn, string UserId);
