namespace KmsOperator.Api;

/// <summary>
/// <c>KeyClass.spec.allowed</c>: what resources of the class may ask for. A list that is absent allows anything; in each, <c>*</c> stands for any characters.
/// What the class itself gives is always allowed.
/// </summary>
public sealed record AllowedSpec
{
    /// <summary>Services. A key without a service is allowed.</summary>
    public IReadOnlyList<string>? Services { get; init; }

    /// <summary>Key specs.</summary>
    public IReadOnlyList<string>? KeySpecs { get; init; }

    /// <summary>Regions of replicas.</summary>
    public IReadOnlyList<string>? Regions { get; init; }

    /// <summary>Principals, as names of roles or as ARNs, also those that statements name.</summary>
    public IReadOnlyList<string>? Principals { get; init; }

    /// <summary>Ids of trusted accounts, also those whose root access or a grant names, and those that statements let in.</summary>
    public IReadOnlyList<string>? TrustedAccounts { get; init; }

    /// <summary>Keys of tags.</summary>
    public IReadOnlyList<string>? TagKeys { get; init; }

    /// <summary>Aliases, <c>alias/...</c>.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Deletion policies.</summary>
    public IReadOnlyList<string>? DeletionPolicies { get; init; }

    /// <summary>Names of Secrets with key material. Unlike the other lists, this one allows nothing where it is absent.</summary>
    public IReadOnlyList<string>? MaterialSecrets { get; init; }

    /// <summary>Rules in CEL that each resource must fulfil.</summary>
    public IReadOnlyList<AllowedValidation>? Validations { get; init; }
}

/// <summary>One of <c>KeyClass.spec.allowed.validations</c>.</summary>
public sealed record AllowedValidation
{
    /// <summary>A CEL expression that is true for what is allowed.</summary>
    public string Expression { get; init => field = value ?? ""; } = "";

    /// <summary>What a resource is told for which it is not true.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
}
