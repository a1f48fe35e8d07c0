using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies.Evaluation;

/// <summary>Whom a statement names.</summary>
/// <param name="Aws">Principals of type AWS: ARNs, account ids, <c>*</c>.</param>
/// <param name="Services">Service principals.</param>
/// <param name="Others">Federated principals and canonical users.</param>
/// <param name="IsNot">Whether the statement is about all but these (<c>NotPrincipal</c>).</param>
public sealed partial record StatementPrincipals(IReadOnlyList<string> Aws, IReadOnlyList<string> Services, IReadOnlyList<string> Others, bool IsNot)
{
    /// <summary>Everybody, whatever the account.</summary>
    public const string Everybody = "*";

    /// <summary>Whether the statement is about everybody.</summary>
    public bool IncludesEverybody => !IsNot && Aws.Contains(Everybody);

    /// <summary>Reads the principals of a statement.</summary>
    public static StatementPrincipals Read(JsonElement statement)
    {
        var isNot = !statement.TryGetProperty("Principal", out var element);
        if (isNot && !statement.TryGetProperty("NotPrincipal", out element))
        {
            return new StatementPrincipals([], [], [], IsNot: false);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return new StatementPrincipals([.. PolicyDocument.StringsOf(element)], [], [], isNot);
        }

        var byType = element.EnumerateObject().SelectMany(type => PolicyDocument.StringsOf(type.Value).Select(name => (Type: type.Name.ToUpperInvariant(), Name: name))).ToArray();
        return new StatementPrincipals(
            [.. byType.Where(one => one.Type == "AWS").Select(one => one.Name)],
            [.. byType.Where(one => one.Type == "SERVICE").Select(one => one.Name)],
            [.. byType.Where(one => one.Type is not ("AWS" or "SERVICE")).Select(one => one.Name)],
            isNot);
    }

    /// <summary>Whether the statement is about a caller, and by which of its principals.</summary>
    public PrincipalMatch Match(AccessCaller caller)
    {
        var named = Named(caller);
        return IsNot ? new PrincipalMatch(named.Answer.Not(), PrincipalBasis.Everybody, null) : named;
    }

    /// <summary>The account that an AWS principal stands for as a whole, by id or root ARN; null for others.</summary>
    public static string? AccountOf(string principal) => WholeAccount().Match(principal) is { Success: true } match ? match.Groups["account"].Value : null;

    private PrincipalMatch Named(AccessCaller caller)
    {
        if (caller.Kind == CallerKind.Service)
        {
            return Services.Contains(caller.Name) ? new PrincipalMatch(Answer.Yes, PrincipalBasis.Named, caller.Name)
                : Aws.Contains(Everybody) ? new PrincipalMatch(Answer.Yes, PrincipalBasis.Everybody, Everybody)
                : PrincipalMatch.None;
        }

        if (Aws.FirstOrDefault(caller.Is) is { } own)
        {
            return new PrincipalMatch(Answer.Yes, PrincipalBasis.Named, own);
        }

        if (Aws.Contains(Everybody))
        {
            return new PrincipalMatch(Answer.Yes, PrincipalBasis.Everybody, Everybody);
        }

        if (Aws.FirstOrDefault(name => AccountOf(name) == caller.AccountId) is { } account)
        {
            return new PrincipalMatch(Answer.Yes, PrincipalBasis.Account, account);
        }

        return Aws.FirstOrDefault(caller.MayBe) is { } session ? new PrincipalMatch(Answer.Unknown, PrincipalBasis.Named, session) : PrincipalMatch.None;
    }

    [GeneratedRegex("^(arn:aws[a-z-]*:iam::(?<account>[0-9]{12}):root|(?<account>[0-9]{12}))$", RegexOptions.ExplicitCapture)]
    private static partial Regex WholeAccount();
}

/// <summary>Why a statement is about a caller.</summary>
public enum PrincipalBasis
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It names the caller.</summary>
    Named,

    /// <summary>It names everybody.</summary>
    Everybody,

    /// <summary>It names the caller's account, whose IAM policies then decide.</summary>
    Account,
}

/// <summary>Whether a statement is about a caller.</summary>
/// <param name="Answer">Whether it is.</param>
/// <param name="Basis">By what.</param>
/// <param name="Principal">The principal of the statement; null where none is the reason.</param>
public sealed record PrincipalMatch(Answer Answer, PrincipalBasis Basis, string? Principal)
{
    /// <summary>It is not.</summary>
    public static PrincipalMatch None { get; } = new(Answer.No, PrincipalBasis.None, null);
}
