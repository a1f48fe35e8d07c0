using KmsOperator.Api;
using KmsOperator.Keys.Status;

namespace KmsOperator.KeyEvents;

/// <summary>Decides what an event comes to. Order, delay and repetition of events do not matter: an event only says that a key is worth a look.</summary>
/// <param name="holders">The resources that have a key or an alias on record.</param>
/// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
internal sealed class KeyEventDecision(Func<KmsName, IReadOnlyList<IKeyResource>> holders, TimeSpan consistencyWindow)
{
    /// <summary>Decides.</summary>
    /// <param name="call">The event.</param>
    /// <param name="principals">The operator's own principals.</param>
    /// <param name="now">The time.</param>
    /// <returns>The resources to compare; or why there are none, and then the list is empty.</returns>
    public (IReadOnlyList<IKeyResource> Resources, EventOutcome Ignored) Decide(KeyEvent call, OperatorPrincipals principals, DateTimeOffset now)
    {
        if (principals.Include(call.CallerArn))
        {
            return ([], EventOutcome.OwnCall);
        }

        var concerned = call.Names.SelectMany(holders).DistinctBy(resource => resource.Metadata.Uid).ToArray();
        if (concerned.Length == 0)
        {
            return ([], EventOutcome.ForeignKey);
        }

        var reconciled = concerned.Where(IsReconciled).ToArray();
        if (reconciled.Length == 0)
        {
            return ([], EventOutcome.NotReconciled);
        }

        var open = reconciled.Where(resource => !WasCompared(resource, call.Time, now)).ToArray();
        return (open, EventOutcome.AlreadyCompared);
    }

    private static bool IsReconciled(IKeyResource resource) =>
        resource.Metadata.DeletionTimestamp is null
        && ResourceConditions.Find(resource.Status?.Conditions, ConditionTypes.Ready)?.Reason != Reasons.Suspended;

    /// <summary>Whether a comparison after the call has seen its effect for certain. A time in the future (a clock that was ahead) proves nothing.</summary>
    private bool WasCompared(IKeyResource resource, DateTimeOffset calledAt, DateTimeOffset now) =>
        resource.Status is { DesiredSha256: not null, LastVerifiedAt: { } verified } && verified <= now && verified - calledAt >= consistencyWindow;
}
