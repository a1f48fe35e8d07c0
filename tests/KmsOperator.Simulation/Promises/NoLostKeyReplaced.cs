using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Promises;

/// <summary>
/// A resource whose key is gone for good gets no new one, unless its spec asks for it: what the lost key encrypted stays unreadable, and somebody has to know. Excepted is a resource whose status
/// people overwrote: nobody knows of the lost key then.
/// </summary>
internal sealed class NoLostKeyReplaced : IPromise
{
    private static readonly TimeSpan TooLate = TimeSpan.FromSeconds(5);

    public string Statement => "A key that is gone is replaced only where the spec asks for it.";

    public string? BeforeEffect(SimulatedWorld world, OperatorProcess sender, AwsCall call)
    {
        if (call.Operation != "CreateKey" || world.Cluster.Find(call.For ?? "") is not { } resource || world.History.LostKeyOf(resource.Metadata.Uid!) is not { } lost)
            return null;
        world.History.Observe();
        return world.Now - world.History.ReplacementWantedAt(resource.Metadata.Uid!) <= TooLate ? null : $"{sender.Identity} makes another key for {call.For}, whose {lost} is gone.";
    }
}
