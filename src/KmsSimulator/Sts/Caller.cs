namespace KmsSimulator.Sts;

/// <summary>Who calls.</summary>
/// <param name="AccountId">12 digits; of a service, the account on whose behalf it calls.</param>
/// <param name="Arn">As GetCallerIdentity shows it.</param>
/// <param name="PrincipalArn">As policies name it: for an assumed role, the role.</param>
/// <param name="UserId">Unique id.</param>
internal sealed record Caller(string AccountId, string Arn, string PrincipalArn, string UserId)
{
    /// <summary>The service that calls as itself, for example <c>logs.eu-west-1.amazonaws.com</c>; null for a principal of an account.</summary>
    public string? Service { get; init; }

    /// <summary>The service through which a principal calls, as <c>kms:ViaService</c> has it; null for a direct call.</summary>
    public string? ViaService { get; init; }

    /// <summary>The resource for which a service calls.</summary>
    public string? SourceArn { get; init; }

    /// <summary>The account of that resource.</summary>
    public string? SourceAccount { get; init; }

    /// <summary>Whether a service makes the call, as itself or for a principal.</summary>
    public bool IsThroughService => Service is not null || ViaService is not null;
}
