using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Replaces the key policy.</summary>
/// <param name="Policy">The new policy.</param>
public sealed record PutKeyPolicyStep(KeyPolicy Policy) : KeyStep("PutKeyPolicy", DriftField.Policy, "the key policy differs")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Policy = Policy.Text };

    /// <inheritdoc />
    public override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) =>
        PolicyComparer.AreEquivalent(seen.Policy, before.Policy) ? ApplyTo(seen) : seen;
}
