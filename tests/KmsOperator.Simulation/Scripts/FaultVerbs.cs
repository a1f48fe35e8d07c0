using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Scripts;

/// <summary>What happens to processes, clocks, connections and servers.</summary>
internal static class FaultVerbs
{
    public static IReadOnlyDictionary<string, Action<SimulatedWorld, ScriptStep>> All { get; } = new Dictionary<string, Action<SimulatedWorld, ScriptStep>>
    {
        ["kill"] = (world, step) => With(world, step, world.Kill),
        ["pause"] = (world, step) => With(world, step, running => running.Process.Pause()),
        ["resume"] = (world, step) => With(world, step, running => running.Process.Resume()),
        ["kill-at"] = (world, step) => world.Triggers.Add(step.Subject, Request(step), Count(step), world.Kill),
        ["pause-at"] = (world, step) => world.Triggers.Add(step.Subject, Request(step), Count(step), running =>
        {
            running.Process.Pause();
            world.People.Deliver(Seconds(step, 3), running.Process.Resume);
        }),
        ["clock"] = (world, step) => With(world, step, running => running.Process.Time.WallClockOffset += Seconds(step, 1)),
        ["hold-watches"] = (world, step) => With(world, step, running => running.Connection.HoldsWatches = true),
        ["release-watches"] = (world, step) => With(world, step, running => running.Connection.HoldsWatches = false),
        ["watch-lag"] = (world, step) => With(world, step, running => running.Connection.WatchLag = Seconds(step, 1)),
        ["drop-watches"] = (world, step) => With(world, step, running => running.Connection.DropWatches()),
        ["fail-aws"] = (world, step) => world.AwsFaults.Add(step.Subject, Fault(step), Count(step)),
        ["fail-api"] = (world, step) => world.ApiFaults.Add(step.Subject.Replace('/', ' '), Fault(step), Count(step)),
        ["compact"] = (world, _) => world.Server.Compact(),
        ["api-down"] = (world, _) =>
        {
            world.IsApiServerDown = true;
            foreach (var running in world.Operators)
                running.Connection.DropWatches();
        },
        ["api-up"] = (world, _) => world.IsApiServerDown = false,
        ["backup"] = (world, _) => world.Backup = world.Server.TakeSnapshot(),
        ["restore"] = Restore,
        ["take-lease"] = (world, step) => world.Users.Patch(
            "Lease", LeaseKey(step), new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "somebody" } }.ToJsonString()),
    };

    private static void Restore(SimulatedWorld world, ScriptStep step)
    {
        if (world.Backup is not { } backup)
            return;

        // What was made since is in no status any more, and some resources are not there at all.
        world.History.Excuse("*");
        var before = world.Cluster.Resources.ToList();
        world.Server.RestoreTo(backup);
        world.History.Restored(before);
    }

    private static NamespacedName LeaseKey(ScriptStep step) => step.Arguments.Count == 0
        ? SimulatedWorld.LeaseKey
        : SimulatedWorld.LeaseKey with { Name = ShardElection.NameOf(SimulatedWorld.LeaseKey.Name, int.Parse(step.Subject, CultureInfo.InvariantCulture)) };

    private static void With(SimulatedWorld world, ScriptStep step, Action<OperatorProcess> act)
    {
        if (world.Operator(step.Subject) is { } running)
            act(running);
    }

    private static string Request(ScriptStep step) => step.Arguments[1].Replace('/', ' ');

    private static TimeSpan Seconds(ScriptStep step, int argument) =>
        TimeSpan.FromSeconds(double.Parse(step.Arguments[argument], CultureInfo.InvariantCulture));

    private static RequestFault Fault(ScriptStep step) => Enum.Parse<RequestFault>(step.Arguments[1]);

    private static int Count(ScriptStep step) => int.Parse(step.Arguments[2], CultureInfo.InvariantCulture);
}
