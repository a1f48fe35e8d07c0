using KmsOperator.Api;

namespace KmsOperator.Simulation.Worlds;

/// <summary>What happened that the present state does not show any more and that promises need to know.</summary>
internal sealed class WorldHistory(SimulatedWorld world)
{
    private readonly Dictionary<string, DateTimeOffset> _deletionWanted = [];
    private readonly Dictionary<string, string> _madeFor = [];
    private readonly Dictionary<(string Region, string Alias), AliasMaker> _aliasesMadeFor = [];
    private readonly HashSet<string> _excused = [];
    private readonly Dictionary<string, HashSet<string>> _rotateAt = [];
    private readonly Dictionary<string, int> _rotationRecordsErased = [];
    private readonly HashSet<string> _scheduledByPeople = [];
    private readonly HashSet<string> _cancelledByPeople = [];

    /// <summary>When somebody who is not the operator last changed something.</summary>
    public DateTimeOffset LastDisturbance { get; private set; }

    /// <summary>How many writes operators have sent to AWS that had an effect.</summary>
    public int OperatorWrites { get; private set; }

    /// <summary>Aliases that operators made, with the resource they were made for last.</summary>
    public IReadOnlyDictionary<(string Region, string Alias), AliasMaker> AliasesMadeFor => _aliasesMadeFor;

    /// <summary>When a resource was last being deleted with its key to be deleted, too; null if never.</summary>
    public DateTimeOffset? DeletionWantedAt(string path) => _deletionWanted.TryGetValue(path, out var at) ? at : null;

    /// <summary>The resource that an operator made a key for; null when somebody else made it.</summary>
    public string? MadeFor(string keyId) => _madeFor.GetValueOrDefault(keyId);

    /// <summary>Whether people did to a resource what no operator can mend: they took the finalizer off, or restored an older cluster.</summary>
    public bool IsExcused(string path) => _excused.Contains(path) || _excused.Contains("*");

    /// <summary>Excuses a resource, or all of them (<c>*</c>).</summary>
    public void Excuse(string path) => _excused.Add(path);

    /// <summary>Whether people themselves scheduled a key's deletion.</summary>
    public bool IsScheduledByPeople(string keyId) => _scheduledByPeople.Contains(keyId);

    /// <summary>People scheduled a key's deletion.</summary>
    public void ScheduledByPeople(string keyId) => _scheduledByPeople.Add(keyId);

    /// <summary>Whether people cancelled a key's deletion.</summary>
    public bool IsDeletionCancelledByPeople(string keyId) => _cancelledByPeople.Contains(keyId);

    /// <summary>People cancelled a key's deletion.</summary>
    public void DeletionCancelledByPeople(string keyId) => _cancelledByPeople.Add(keyId);

    /// <summary>How many different values of <c>rotate-at</c> a resource, by uid, ever had; a value counts again when its record was erased.</summary>
    public int RotationsAsked(string uid) => (_rotateAt.GetValueOrDefault(uid)?.Count ?? 0) + _rotationRecordsErased.GetValueOrDefault(uid);

    /// <summary>People took the record of served rotations away.</summary>
    public void RotationRecordErased(string uid) => _rotationRecordsErased[uid] = _rotationRecordsErased.GetValueOrDefault(uid) + 1;

    /// <summary>Somebody who is not the operator changed something.</summary>
    public void Disturbed()
    {
        LastDisturbance = world.Now;
        Observe();
    }

    /// <summary>Takes down what the present state shows.</summary>
    public void Observe()
    {
        foreach (var resource in world.Cluster.Resources)
        {
            var path = ClusterTruth.PathOf(resource);
            if (resource.Metadata.DeletionTimestamp is not null && world.Cluster.WantsKeyDeleted(resource))
                _deletionWanted[path] = world.Now;
            if (resource.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.RotateAt) is { Length: > 0 } value)
                (_rotateAt.TryGetValue(resource.Metadata.Uid!, out var values) ? values : _rotateAt[resource.Metadata.Uid!] = []).Add(value);
        }
    }

    /// <summary>An operator's write has had its effect, or was refused.</summary>
    public void OnOperatorWrite(AwsCall call, bool accepted)
    {
        if (!accepted)
            return;
        OperatorWrites++;
        switch (call.Operation)
        {
            case "CreateKey":
                foreach (var key in world.Keys.All)
                {
                    if (!_madeFor.ContainsKey(key.KeyId) && KeyTruth.OwnerOf(key) is { } owner)
                        _madeFor[key.KeyId] = owner;
                }

                break;
            case "CreateAlias" or "UpdateAlias":
                _aliasesMadeFor[(call.Region, call.AliasName!)] = new AliasMaker(call.For ?? "", world.Cluster.Find(call.For ?? "")?.Metadata.Uid ?? "");
                break;
            default:
                break;
        }
    }
}

/// <summary>The resource that an alias was made for.</summary>
/// <param name="Path"><c>{kind}/{namespace}/{name}</c>.</param>
/// <param name="Uid">Tells it from earlier and later ones of that name.</param>
internal sealed record AliasMaker(string Path, string Uid);
