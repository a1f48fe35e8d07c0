using KmsOperator.Kubernetes;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Scripts;

/// <summary>What the lines of a script do, by verb.</summary>
internal static class ScriptVerbs
{
    private static readonly Dictionary<string, Action<SimulatedWorld, ScriptStep>> Verbs = new(
        [.. FaultVerbs.All, .. UserVerbs.All, .. AwsVerbs.All], StringComparer.Ordinal);

    /// <summary>Does one step of a script. What the API server or KMS refuses has no effect.</summary>
    /// <exception cref="ArgumentException">There is no such verb.</exception>
    public static void Do(SimulatedWorld world, ScriptStep step)
    {
        if (!Verbs.TryGetValue(step.Verb, out var verb))
            throw new ArgumentException($"'{step.Verb}' is no verb of a script.", nameof(step));
        world.Trace.Note("script", $"{step.Verb} {string.Join(' ', step.Arguments)}");
        try
        {
            verb(world, step);
        }
        catch (KubernetesApiException refused)
        {
            world.Trace.Note("script", $"refused: {refused.Message}");
        }

        world.History.Disturbed();
    }
}
