using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Calls;

/// <summary>The calls that the operator would send for one resource, in their order.</summary>
/// <param name="kind">Kind of the resource.</param>
/// <param name="key">The resource.</param>
/// <param name="status">Reads the resource's status in the plan's cluster; null when it has none.</param>
internal sealed class ResourceCalls(string kind, NamespacedName key, Func<KeyStatus?> status)
{
    private readonly List<RecordedCall> _calls = [];

    /// <summary>Kind of the resource.</summary>
    public string Kind { get; } = kind;

    /// <summary>The resource.</summary>
    public NamespacedName Key { get; } = key;

    /// <summary>What was recorded so far.</summary>
    public IReadOnlyList<RecordedCall> Calls => _calls;

    /// <summary>The status before the plan.</summary>
    public KeyStatus? Before { get; } = status();

    /// <summary>The last status that there was when a call was recorded, for a resource that goes.</summary>
    public KeyStatus? LastStatus { get; private set; }

    /// <summary>The account of the key. The operator records it before it makes a key.</summary>
    public string AccountId => status()?.AccountId ?? "";

    /// <summary>Whether the operator decides by the key's rotations so far. Else it reads them only to show them.</summary>
    public bool ReadsRotations => Before?.RotationAttempt is not null;

    /// <summary>Why the reconciler could not be brought to an end; null when it could.</summary>
    public string? Failure { get; set; }

    /// <summary>Adds a call. The calls of one resource come one after the other.</summary>
    public void Add(RecordedCall call)
    {
        _calls.Add(call);
        LastStatus = status() ?? LastStatus;
    }
}
