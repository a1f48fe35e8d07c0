using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Makes a key's policy from what class and resource say.</summary>
internal static class PolicyResolver
{
    private const string Path = "spec.policy";

    /// <summary>The override if there is one, else the generated policy with the additional statements.</summary>
    /// <param name="region">The key's own Region.</param>
    /// <param name="accountId">The key's account.</param>
    /// <param name="service">The service, if any.</param>
    /// <param name="classAccess">The class's access.</param>
    /// <param name="access">The resource's access.</param>
    /// <param name="override">A whole policy.</param>
    /// <param name="additionalStatements">Statements to append to the generated policy.</param>
    public static PolicyResolution Resolve(
        string region,
        string accountId,
        string? service,
        AccessSpec? classAccess,
        AccessSpec? access,
        JsonElement? @override,
        IReadOnlyList<JsonElement>? additionalStatements)
    {
        if (@override is { } document)
        {
            var problems = additionalStatements is { Count: > 0 }
                ? [new PolicyProblem($"{Path}.additionalStatements", "extends the generated policy, which the override replaces; put the statements into the override")]
                : PolicyDocumentCheck.CheckDocument(document, $"{Path}.override");
            return problems.Count > 0 ? Invalid(problems) : Limited(KeyPolicy.Of(document));
        }

        if (service is not null && !ServiceCatalogue.Services.ContainsKey(service))
        {
            return PolicyResolution.Failed(Finding.Stalled(
                Reasons.InvalidSpec, $"spec.service: {service} is not in the catalogue; use one of {string.Join(", ", ServiceCatalogue.Services.Keys)}, or leave it out."));
        }

        var statements = additionalStatements ?? [];
        var names = new PrincipalNames(Partition.OfRegion(region), accountId);
        var request = new PolicyRequest
        {
            Region = region,
            AccountId = accountId,
            Service = service,
            Administrators = [.. names.Resolve(classAccess?.Administrators, "KeyClass spec.access.administrators"), .. names.Resolve(access?.Administrators, "spec.access.administrators")],
            Users = [.. names.Resolve(classAccess?.Users, "KeyClass spec.access.users"), .. names.Resolve(access?.Users, "spec.access.users")],
            TrustedAccounts = [.. classAccess?.TrustedAccounts ?? [], .. access?.TrustedAccounts ?? []],
            CrossAccountViaService = (access?.CrossAccountViaService ?? false) || (classAccess?.CrossAccountViaService ?? false),
            AdditionalStatements = statements,
        };
        PolicyProblem[] found = [.. names.Problems, .. PolicyDocumentCheck.CheckStatements(statements, $"{Path}.additionalStatements", PolicyRenderer.SidsOf(service))];
        return found.Length > 0 ? Invalid(found) : Limited(PolicyRenderer.Render(request));
    }

    private static PolicyResolution Invalid(IEnumerable<PolicyProblem> problems) => PolicyResolution.Failed(
        Finding.Stalled(Reasons.InvalidSpec, string.Join("; ", problems.Select(problem => $"{problem.Field}: {problem.Message}"))));

    private static PolicyResolution Limited(KeyPolicy policy) => policy.ByteLength <= KeyPolicy.MaxBytes
        ? PolicyResolution.Of(policy)
        : PolicyResolution.Failed(Finding.Stalled(
            Reasons.PolicyTooLarge,
            $"{Path}: the key policy has {policy.ByteLength} bytes, KMS permits {KeyPolicy.MaxBytes}. Name fewer principals, or trust an account and decide by IAM there."));

    private sealed class PrincipalNames(string partition, string accountId)
    {
        public List<PolicyProblem> Problems { get; } = [];

        public List<string> Resolve(IReadOnlyList<string>? names, string field)
        {
            var arns = new List<string>();
            for (var i = 0; i < (names?.Count ?? 0); i++)
            {
                if (PrincipalName.TryResolve(names![i], partition, accountId, out var arn))
                {
                    arns.Add(arn);
                }
                else
                {
                    Problems.Add(new PolicyProblem($"{field}[{i}]", $"\"{names[i]}\" is neither a role name nor the ARN of a role, user or account root"));
                }
            }

            return arns;
        }
    }
}

/// <summary>A policy, or why there is none.</summary>
internal sealed record PolicyResolution
{
    private PolicyResolution()
    {
    }

    /// <summary>The policy; null when <see cref="Finding"/> says why not.</summary>
    public KeyPolicy? Policy { get; private init; }

    /// <summary>Why there is no policy.</summary>
    public Finding? Finding { get; private init; }

    /// <summary>A policy.</summary>
    public static PolicyResolution Of(KeyPolicy policy) => new() { Policy = policy };

    /// <summary>No policy.</summary>
    public static PolicyResolution Failed(Finding finding) => new() { Finding = finding };
}
