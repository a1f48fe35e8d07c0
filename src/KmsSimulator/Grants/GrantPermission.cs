using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Grants;

/// <summary>What grants permit. They take effect when readers see them; for a request that has their token, at once.</summary>
/// <remarks>Source: AWS KMS developer guide, "Grants in AWS KMS", "Creating grants" and "Using a grant token".</remarks>
internal static class GrantPermission
{
    /// <summary>Whether a grant on a key lets the caller do an operation with it.</summary>
    public static bool Exists(KmsCall call, KeyEntry key, string operation)
    {
        var here = call.Owner.Region(key.Region);
        var withToken = call.Input.List("GrantTokens").Select(token => GrantToken.TryRead(token.ToString(), out _, out var id) ? id : null).ToHashSet();
        return key.GrantIds.Any(id => (here.Grant(id, call.Now) ?? (withToken.Contains(id) ? here.Grant(id) : null)) is { } grant && Permits(grant, call, operation));
    }

    /// <summary>Whether the caller may retire a grant: it names the caller for that, or the caller's account made it, and IAM decides.</summary>
    public static bool MayRetire(KmsCall call, Grant grant) =>
        (grant.RetiringPrincipal is { } retiring && PolicyPrincipal.Includes(retiring, call.Caller))
        || (grant.RetiringService is { } service && service == call.Caller.Service)
        || (grant.Operations.Contains("RetireGrant") && IsGrantee(grant, call.Caller))
        || (call.Caller.Service is null && grant.IssuingAccount == Arn.Root(call.Partition, call.Caller.AccountId));

    private static bool Permits(Grant grant, KmsCall call, string operation) =>
        grant.Operations.Contains(operation) && IsGrantee(grant, call.Caller)
        && (grant.Constraints is not { } constraints || Admit(constraints, call, operation))
        && (operation != "CreateGrant" || IsNoWider(grant, call));

    private static bool IsGrantee(Grant grant, Caller caller) =>
        (grant.GranteePrincipal is { } grantee && PolicyPrincipal.Includes(grantee, caller))
        || (grant.GranteeService is { } service && service == caller.Service);

    /// <summary>The source counts when a service calls; the encryption context where there is one.</summary>
    private static bool Admit(GrantConstraints constraints, KmsCall call, string operation) =>
        (constraints.SourceArn is not { } source || !call.Caller.IsThroughService || source == call.Caller.SourceArn)
        && (operation is "CreateGrant" or "DescribeKey" or "RetireGrant" || constraints.Admit(EncryptionContexts.Of(call, operation)));

    /// <summary>Whoever may create grants by a grant may pass on no more than that has.</summary>
    private static bool IsNoWider(Grant parent, KmsCall call) =>
        call.Input.List("Operations").All(item => parent.Operations.Contains(item.ToString()))
        && (parent.Constraints is not { HasContext: true } strict || GrantConstraints.Read(call.Input)?.AreAtLeastAsStrictAs(strict) == true);
}
