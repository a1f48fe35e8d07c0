using System.Collections.Concurrent;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// Objects that the API server has accepted in a dry run, so that it is not asked again: most of what the chart renders is the same whatever the values are,
/// and the CRDs alone take seconds.
/// </summary>
public sealed class AcceptedObjects
{
    private readonly ConcurrentDictionary<string, bool> _accepted = new();

    /// <summary>Whether the server has not accepted this text yet.</summary>
    public bool IsNew(string text) => !_accepted.ContainsKey(text);

    /// <summary>The server has accepted these texts.</summary>
    public void Add(IEnumerable<string> texts)
    {
        foreach (var text in texts)
            _accepted[text] = true;
    }
}
