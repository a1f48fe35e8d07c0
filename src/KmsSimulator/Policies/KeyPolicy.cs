using System.Collections.Immutable;
using System.Text.Json;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Policies;

/// <summary>A key policy that KMS took.</summary>
/// <param name="Document">The text as GetKeyPolicy returns it: the same meaning as what was put, not the same text.</param>
/// <param name="Statements">What it says.</param>
internal sealed record KeyPolicy(string Document, ImmutableArray<PolicyStatement> Statements)
{
    /// <summary>The only name of a key policy.</summary>
    public const string Name = "default";

    /// <summary>The most bytes that a policy may have.</summary>
    public const int MaxBytes = 32768;

    /// <summary>The policy of a key that is made without one: the account, and through it IAM, decides.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Default key policy".</remarks>
    public static KeyPolicy Default(string partition, string account) => Of($$"""
        {"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",
        "Principal":{"AWS":"{{Arn.Root(partition, account)}}"},"Action":"kms:*","Resource":"*"}]}
        """, partition);

    /// <summary>Takes a well-formed document.</summary>
    public static KeyPolicy Of(string document, string partition)
    {
        using var json = JsonDocument.Parse(document);
        return new KeyPolicy(CanonicalPolicy.Write(json.RootElement, partition), PolicyReader.Statements(json.RootElement));
    }

    /// <summary>What the policy says to a request: a denial counts more than what allows it.</summary>
    public PolicyDecision Decide(PolicyRequest request)
    {
        if (Statements.Any(statement => !statement.IsAllow && statement.Matches(request)))
            return PolicyDecision.Denied;
        return Statements.Any(statement => statement.IsAllow && statement.Matches(request)) ? PolicyDecision.Allowed : PolicyDecision.NotAllowed;
    }

    /// <summary>The policy once a principal is gone: its unique id stands where its ARN stood, and names nobody.</summary>
    public KeyPolicy WithoutPrincipal(string arn, string uniqueId, string partition)
    {
        if (!Statements.Any(statement => statement.Principals.Contains(arn)))
            return this;
        using var json = JsonDocument.Parse(Document);
        var document = CanonicalPolicy.Write(json.RootElement, partition, name => name == arn ? uniqueId : name);
        using var changed = JsonDocument.Parse(document);
        return new KeyPolicy(document, PolicyReader.Statements(changed.RootElement));
    }

    /// <summary>Takes a document from a client as KMS does, or fails as it does.</summary>
    /// <exception cref="ServiceException">LimitExceeded or MalformedPolicyDocument.</exception>
    public static KeyPolicy Accept(string document, bool bypassLockoutCheck, KmsCall call, string keyArn)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(document) > MaxBytes)
            throw Errors.LimitExceeded($"The key policy is longer than {MaxBytes} bytes.");
        PolicyReader.Check(document, call.Partition, call.Simulation.Principals);
        var policy = Of(document, call.Partition);

        // The call that is checked is one to come: of it nothing is known but who makes it.
        var future = new PolicyRequest(
            call.Caller,
            "kms:PutKeyPolicy",
            keyArn,
            name => PrincipalConditionKeys.ValuesOf(call.Simulation, call.Caller, name.ToLowerInvariant()));
        if (!bypassLockoutCheck && policy.Decide(future) != PolicyDecision.Allowed)
            throw Errors.MalformedPolicy("The new key policy will not allow you to update the key policy in the future.");
        return policy;
    }
}
