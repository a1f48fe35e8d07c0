using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Replaces the key policy.</summary>
/// <param name="Policy">The new policy.</param>
/// <param name="Difference">Which statements go, come and change; null where there is nothing to tell.</param>
public sealed record PutKeyPolicyStep(KeyPolicy Policy, string? Difference = null)
    : KeyStep("PutKeyPolicy", DriftField.Policy, Difference is null ? "the key policy differs" : $"the key policy differs: {Difference}")
{
    /// <inheritdoc />
    public override bool NeedsRecord => false;

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Policy = Policy.Text };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) =>
        PolicyComparer.AreEquivalent(seen.Policy, before.Policy) ? ApplyTo(seen) : seen;
}
