using KmsSimulator.Grants;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Policies;

/// <summary>Whether a caller may do something with a key: its policy and its grants decide, for callers of its own account too.</summary>
/// <remarks>
/// There are no IAM policies: every principal of an account has IAM's permission for all of KMS. So a statement that names the account opens the
/// key to all principals of it, and without one only those may use it whom a statement or a grant names.
/// Source: AWS KMS developer guide, "Key policies in AWS KMS" and "Troubleshooting AWS KMS permissions".
/// </remarks>
internal static class KeyAuthorization
{
    /// <summary>Fails when the caller of a call may not do an operation with a key.</summary>
    /// <exception cref="ServiceException">AccessDeniedException.</exception>
    public static void Require(KmsCall call, KeyEntry key, string operation)
    {
        var decision = Decide(call, key, operation);
        if (decision == PolicyDecision.Allowed)
            return;
        if (call.Caller.Service is null && key.AccountId != call.Caller.AccountId)
            throw Errors.AccessDenied(call.Caller, operation, key.Arn);
        throw Errors.DeniedByKeyPolicy(call.Caller, operation, key.Arn, isExplicit: decision == PolicyDecision.Denied);
    }

    private static PolicyDecision Decide(KmsCall call, KeyEntry key, string operation)
    {
        var policy = (key.Record.Read(call.Now) ?? key.Current).Policy;
        var decision = policy.Decide(new PolicyRequest(call.Caller, $"kms:{operation}", key.Arn, name =>
        {
            var lower = name.ToLowerInvariant();
            return PrincipalConditionKeys.ValuesOf(call.Simulation, call.Caller, lower) ?? RequestConditionKeys.ValuesOf(call, key, operation, lower);
        }));
        return decision == PolicyDecision.NotAllowed && GrantPermission.Exists(call, key, operation) ? PolicyDecision.Allowed : decision;
    }
}
