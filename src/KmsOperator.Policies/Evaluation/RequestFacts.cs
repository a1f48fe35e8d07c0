namespace KmsOperator.Policies.Evaluation;

/// <summary>What is known of a request that somebody asks about, and so of its condition keys. What is not known stays unknown.</summary>
/// <remarks>Source: AWS KMS developer guide, "AWS KMS condition keys"; IAM user guide, "AWS global condition context keys".</remarks>
public sealed record RequestFacts
{
    private static readonly Dictionary<string, IReadOnlyList<string>> Nothing = [];

    /// <summary>Who calls.</summary>
    public required AccessCaller Caller { get; init; }

    /// <summary>For example <c>kms:Decrypt</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The key's account.</summary>
    public required string AccountId { get; init; }

    /// <summary>The key's Region.</summary>
    public required string Region { get; init; }

    /// <summary>The key.</summary>
    public required KeyArn KeyArn { get; init; }

    /// <summary>The key's spec; null if it is not known.</summary>
    public string? KeySpec { get; init; }

    /// <summary>The key's usage; null if it is not known.</summary>
    public string? KeyUsage { get; init; }

    /// <summary>Whether it is a multi-Region key; null if it is not known.</summary>
    public bool? MultiRegion { get; init; }

    /// <summary>Tags that the key certainly has.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The service that makes the call on the caller's behalf, as <c>s3.eu-west-1.amazonaws.com</c>; null for a direct call.</summary>
    public string? ViaService { get; init; }

    /// <summary>
    /// Values that are given, by the condition key in lower case. One pair of the encryption context says that these are all.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Given { get; init; } = Nothing;

    private bool IsService => Caller.Kind == CallerKind.Service;

    /// <summary>The request for the evaluator.</summary>
    public AccessRequest ToRequest() => new(Caller, Action, KeyArn, ValueOf);

    /// <summary>What is known of a condition key's values.</summary>
    public ContextValue ValueOf(string key)
    {
        var name = key.ToLowerInvariant();
        return Given.TryGetValue(name, out var given) ? ContextValue.Of(given)
            : !ConditionKeys.MayBeIn(key, Action) ? ContextValue.Absent
            : name.StartsWith("kms:", StringComparison.Ordinal) ? ValueOfKms(name)
            : ValueOfGlobal(key, name);
    }

    private ContextValue ValueOfKms(string name) => name switch
    {
        "kms:calleraccount" => AccountOfCaller(),
        "kms:viaservice" => ViaService is { } service ? ContextValue.Of(service) : ContextValue.Absent,
        "kms:grantisforawsresource" => ContextValue.Of(ViaService is not null || IsService),
        "kms:keyspec" or "kms:customermasterkeyspec" => OrUnknown(KeySpec),
        "kms:keyusage" or "kms:customermasterkeyusage" => OrUnknown(KeyUsage),
        "kms:multiregion" => MultiRegion is { } multiRegion ? ContextValue.Of(multiRegion) : ContextValue.Unknown,
        "kms:multiregionkeytype" when MultiRegion == false => ContextValue.Absent,
        "kms:encryptioncontextkeys" when GivenContext() is { Length: > 0 } keys => ContextValue.Of(keys),
        _ when ConditionKeys.IsBelow(name, ConditionKeys.EncryptionContext) && GivenContext().Length > 0 => ContextValue.Absent,
        _ => ContextValue.Unknown,
    };

    private ContextValue ValueOfGlobal(string key, string name) => name switch
    {
        "aws:principalaccount" => AccountOfCaller(),
        "aws:principalarn" => IsService ? ContextValue.Absent : Caller.Kind == CallerKind.Session ? ContextValue.Unknown : ContextValue.Of(Caller.Name),
        "aws:principaltype" => Caller.Kind switch
        {
            CallerKind.Service => ContextValue.Absent,
            CallerKind.User => ContextValue.Of("User"),
            CallerKind.Account => ContextValue.Of("Account"),
            CallerKind.FederatedUser => ContextValue.Of("FederatedUser"),
            _ => ContextValue.Of("AssumedRole"),
        },
        "aws:principalisawsservice" => ContextValue.Of(IsService),
        "aws:principalservicename" => IsService ? ContextValue.Of(Caller.Name) : ContextValue.Absent,
        "aws:principalservicenameslist" when !IsService => ContextValue.Absent,
        "aws:viaawsservice" => ContextValue.Of(ViaService is not null),

        // Only services that call as themselves say for which resource they do.
        "aws:sourcearn" or "aws:sourceaccount" or "aws:sourceorgid" or "aws:sourceorgpaths" when !IsService => ContextValue.Absent,
        "aws:resourceaccount" => ContextValue.Of(AccountId),
        "aws:requestedregion" => ContextValue.Of(Region),
        "aws:securetransport" => ContextValue.Of(true),
        _ when ConditionKeys.IsBelow(name, "aws:resourcetag/") => OrUnknown(Tags.GetValueOrDefault(key["aws:ResourceTag/".Length..])),
        _ => ContextValue.Unknown,
    };

    private ContextValue AccountOfCaller() => Caller.AccountId is { } account ? ContextValue.Of(account) : ContextValue.Absent;

    private string[] GivenContext() =>
        [.. Given.Keys.Where(key => ConditionKeys.IsBelow(key, ConditionKeys.EncryptionContext)).Select(key => key[ConditionKeys.EncryptionContext.Length..])];

    private static ContextValue OrUnknown(string? value) => value is null ? ContextValue.Unknown : ContextValue.Of(value);
}
