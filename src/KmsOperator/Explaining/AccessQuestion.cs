using System.Globalization;
using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.Explaining;

/// <summary>A question about one request, before it is known about which key.</summary>
/// <param name="Principal">An ARN, an account id, a service principal, or the name of a role of the caller's account.</param>
/// <param name="Action">An action of KMS, in its own spelling.</param>
/// <param name="ViaService">A service's name (<c>s3</c>) or endpoint; null for a direct call.</param>
/// <param name="CallerAccount">Account of a principal that does not say its own; null for the key's.</param>
/// <param name="Context">Values of condition keys, or pairs of the encryption context.</param>
internal sealed record AccessQuestion(string Principal, string Action, string? ViaService, string? CallerAccount, IReadOnlyList<KeyValuePair<string, string>> Context)
{
    // Services whose calls come under another service's name.
    private static readonly Dictionary<string, string> Endpoints = new(StringComparer.Ordinal)
    {
        ["codebuild"] = "s3",
        ["documentdb"] = "docdb-elastic",
        ["ebs"] = "ec2",
        ["efs"] = "elasticfilesystem",
        ["eventbridge"] = "events",
        ["identity-center"] = "sso",
        ["msk"] = "kafka",
        ["mwaa"] = "airflow",
        ["neptune"] = "rds",
        ["opensearch"] = "es",
        ["rds-pi"] = "rds",
        ["s3-vectors"] = "s3vectors",
        ["stepfunctions"] = "states",
    };

    /// <summary>What is wrong with the question whatever the key is; null for nothing.</summary>
    public string? FindMistake()
    {
        if (!AccessCaller.TryParse(Principal, Partition.OfRegion(""), CallerAccount ?? "000000000000", out var caller))
        {
            return $"--principal: '{Principal}' is not the ARN of a role, a user, a session or an account, nor a service principal such as logs.eu-west-1.amazonaws.com.";
        }

        var saysAccount = Principal.StartsWith("arn:", StringComparison.Ordinal) || StatementPrincipals.AccountOf(Principal) is not null;
        if (CallerAccount is not null && saysAccount && caller.AccountId != CallerAccount)
        {
            return $"--caller-account: the principal is of account {caller.AccountId}, not {CallerAccount}.";
        }

        return Context.Select(pair => MistakeOf(pair.Key)).FirstOrDefault(mistake => mistake is not null);
    }

    /// <summary>The request on a key.</summary>
    public RequestFacts About(ExplainedKey key)
    {
        AccessCaller.TryParse(Principal, Partition.OfRegion(key.Location.Region), CallerAccount ?? key.Location.AccountId, out var caller);
        return new RequestFacts
        {
            Caller = caller!,
            Action = Action,
            AccountId = key.Location.AccountId,
            Region = key.Location.Region,
            KeyArn = key.Arn,
            KeySpec = key.KeySpec,
            KeyUsage = key.KeyUsage,
            MultiRegion = key.MultiRegion,
            Tags = key.Tags,
            ViaService = ViaService switch
            {
                null => null,
                _ when ViaService.Contains('.', StringComparison.Ordinal) => ViaService,
                _ => string.Create(CultureInfo.InvariantCulture, $"{Endpoints.GetValueOrDefault(ViaService, ViaService)}.{key.Location.Region}.amazonaws.com"),
            },
            Given = Context.GroupBy(pair => ConditionKeyOf(pair.Key).ToLowerInvariant(), pair => pair.Value).ToDictionary(group => group.Key, group => (IReadOnlyList<string>)[.. group]),
        };
    }

    /// <summary>What is no condition key is a pair of the encryption context, such as <c>aws:s3:arn</c>.</summary>
    private static string ConditionKeyOf(string key) => ConditionKeys.IsKnown(key) ? key : ConditionKeys.EncryptionContext + key;

    private static string? MistakeOf(string key)
    {
        if (ConditionKeys.IsKnown(key))
        {
            return null;
        }

        var suggestion = Suggestion.For(key, ConditionKeys.All);
        return suggestion.Length > 0 || key.StartsWith("kms:", StringComparison.OrdinalIgnoreCase)
            ? $"--context: '{key}' is not a condition key{(suggestion.Length > 0 ? suggestion : ".")} A pair of the encryption context may also be written as {ConditionKeys.EncryptionContext}{key}."
            : null;
    }
}
