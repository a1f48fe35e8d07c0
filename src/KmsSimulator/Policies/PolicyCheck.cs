using System.Text;
using System.Text.Json;
using KmsSimulator.Protocol;

namespace KmsSimulator.Policies;

/// <summary>What KMS checks of a key policy before it takes it.</summary>
internal static class PolicyCheck
{
    private const int MaxBytes = 32768;

    /// <summary>The policy of a key that is made without one.</summary>
    public static string Default(string partition, string account) =>
        $$"""{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:{{partition}}:iam::{{account}}:root"},"Action":"kms:*","Resource":"*"}]}""";

    /// <summary>Fails as KMS does: size, syntax, principals, and whether the caller could change the policy again.</summary>
    /// <param name="policy">The document.</param>
    /// <param name="caller">Who puts it.</param>
    /// <param name="bypassLockout">BypassPolicyLockoutSafetyCheck.</param>
    /// <param name="principals">The principals that are known to exist.</param>
    public static void Check(string policy, Caller caller, bool bypassLockout, PrincipalDirectory principals)
    {
        if (Encoding.UTF8.GetByteCount(policy) > MaxBytes)
        {
            throw KmsException.LimitExceeded("The policy document exceeds the maximum size of 32 KB.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(policy);
        }
        catch (JsonException)
        {
            throw KmsException.MalformedPolicy("Policy contains invalid JSON");
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("Statement", out var list))
            {
                throw KmsException.MalformedPolicy("The new key policy has no Statement.");
            }

            JsonElement[] statements = list.ValueKind switch
            {
                JsonValueKind.Array => [.. list.EnumerateArray()],
                JsonValueKind.Object => [list],
                _ => [],
            };
            if (statements.Length == 0 || statements.Any(statement => statement.ValueKind != JsonValueKind.Object))
            {
                throw KmsException.MalformedPolicy("The new key policy has no valid Statement.");
            }

            CheckSids(statements);
            foreach (var statement in statements)
            {
                CheckStatement(statement, principals);
            }

            if (!bypassLockout && !statements.Any(statement => AllowsPutKeyPolicy(statement, caller)))
            {
                throw KmsException.MalformedPolicy("The new key policy will not allow you to update the key policy in the future.");
            }
        }
    }

    private static void CheckSids(JsonElement[] statements)
    {
        var sids = statements.Where(statement => statement.TryGetProperty("Sid", out _)).Select(statement => statement.GetProperty("Sid").ToString()).ToArray();
        if (sids.Distinct().Count() != sids.Length)
        {
            throw KmsException.MalformedPolicy("Statement IDs (SID) in a single policy must be unique.");
        }
    }

    private static void CheckStatement(JsonElement statement, PrincipalDirectory principals)
    {
        if (!statement.TryGetProperty("Effect", out var effect) || effect.ValueKind != JsonValueKind.String || effect.GetString() is not ("Allow" or "Deny"))
        {
            throw KmsException.MalformedPolicy("Policy contains a statement with an invalid Effect.");
        }

        var hasPrincipal = statement.TryGetProperty("Principal", out var principal) || statement.TryGetProperty("NotPrincipal", out principal);
        if (!hasPrincipal)
        {
            throw KmsException.MalformedPolicy("Policy contains a statement with no principal.");
        }

        if (principal.ValueKind == JsonValueKind.Object && principal.TryGetProperty("AWS", out var named)
            && Strings(named).Any(name => !principals.Exists(name)))
        {
            throw KmsException.MalformedPolicy("Policy contains a statement with one or more invalid principals.");
        }
    }

    private static bool AllowsPutKeyPolicy(JsonElement statement, Caller caller)
    {
        // A conditional permission may not hold next time; it does not count.
        if (statement.GetProperty("Effect").GetString() != "Allow" || statement.TryGetProperty("Condition", out _)
            || !statement.TryGetProperty("Action", out var actions) || !statement.TryGetProperty("Principal", out var principal))
        {
            return false;
        }

        var names = principal.ValueKind == JsonValueKind.Object && principal.TryGetProperty("AWS", out var aws) ? Strings(aws) : Strings(principal);
        return Strings(actions).Any(Matches) && names.Any(name =>
            name == "*" || name == caller.AccountId || name == caller.Arn || name == caller.PrincipalArn
            || (name.StartsWith("arn:", StringComparison.Ordinal) && name.EndsWith($"::{caller.AccountId}:root", StringComparison.Ordinal)));
    }

    private static bool Matches(string action)
    {
        const string Wanted = "kms:putkeypolicy";
        var pattern = action.ToLowerInvariant();
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? pattern == Wanted : Wanted.StartsWith(pattern[..star], StringComparison.Ordinal);
    }

    private static IEnumerable<string> Strings(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!),
        _ => [],
    };
}
