namespace KmsOperator.Simulation.Scripts;

/// <summary>Makes a script from a seed: few resources, and many things that happen to them in a minute.</summary>
internal sealed partial class ScriptGenerator
{
    private static readonly string[] Names = ["team-a/one", "team-a/two", "team-b/one"];
    private static readonly string[] Aliases = ["alias/x", "alias/y", "alias/team"];
    private static readonly string[] AwsWrites =
        ["CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias", "PutKeyPolicy", "TagResource", "UntagResource", "EnableKeyRotation", "ScheduleKeyDeletion", "DisableKey", "EnableKey", "RotateKeyOnDemand", "ReplicateKey"];

    private static readonly string[] AwsReads = ["DescribeKey", "ListAliases", "ListKeys", "ListResourceTags", "GetKeyPolicy", "Sts", "*"];
    private static readonly string[] ApiRequests =
        ["apply/servicekeys", "patch/servicekeys", "get/servicekeys", "list/servicekeys", "patch/leases", "create/keyreplicas", "apply/keyreplicas", "patch/keyreplicas", "*"];

    private static readonly string[] AwsFaults = ["LostBefore", "LostAfter", "Slow", "Late", "ServerError", "Throttled", "Refused"];
    private static readonly string[] ApiFaults = ["LostBefore", "LostAfter", "Slow", "Late", "ServerError", "Refused"];

    private readonly Random _random;
    private readonly List<ScriptStep> _steps = [];
    private readonly int _operators;
    private readonly int _shards = 1;
    private double _at;
    private int _values;

    private ScriptGenerator(int seed, bool divides)
    {
#pragma warning disable RS0030 // This is where the seed becomes randomness.
        _random = new Random(seed);
#pragma warning restore RS0030
        _operators = _random.Next(10) < 4 ? 2 : 1;
        if (divides)
        {
            _operators = _random.Next(2, 4);
            _shards = _random.Next(2, 6);
        }
    }

    /// <summary>The script of a seed, with one operator or two of which one leads.</summary>
    public static Script Of(int seed) => Of(seed, divides: false);

    /// <summary>The script of a seed, with operators that divide the work into shards.</summary>
    public static Script OfShards(int seed) => Of(seed, divides: true);

    private static Script Of(int seed, bool divides)
    {
        var generator = new ScriptGenerator(seed, divides);
        var stale = generator._random.Next(2) == 0 ? 0 : generator._random.Next(1, 9);
        generator.Write();
        generator.WriteMore(seed);
        return new Script(seed, generator._operators, generator._shards, stale, generator._steps);
    }

    private void Write()
    {
        var resources = _random.Next(1, 4);
        for (var i = 0; i < resources; i++)
            Add("create", Names[i], Spec());
        var count = _random.Next(3, 14);
        for (var i = 0; i < count; i++)
        {
            // Most things happen close to each other, and sometimes a while passes.
            _at += _random.Next(5) switch { 0 => _random.Next(5, 30), 1 => _random.NextDouble() * 5, _ => _random.NextDouble() * 0.4 };
            One(Names[_random.Next(resources)]);
        }
    }

    private void One(string name)
    {
        switch (_random.Next(100))
        {
            case < 30:
                User(name);
                break;
            case < 42:
                Add("fail-aws", Pick(_random.Next(3) == 0 ? AwsReads : AwsWrites), Pick(AwsFaults), $"{_random.Next(1, 4)}");
                break;
            case < 52:
                Add("fail-api", Pick(ApiRequests), Pick(ApiFaults), $"{_random.Next(1, 3)}");
                break;
            case < 58:
                Process();
                break;
            case < 66:
                AtRequest();
                break;
            case < 73:
                Watches();
                break;
            case < 78:
                Server();
                break;
            default:
                Aws(name);
                break;
        }
    }

    private void User(string name)
    {
        switch (_random.Next(21))
        {
            case 17:
                Add("edit", name, $"replicaRegions={(_random.Next(2) == 0 ? "" : Worlds.StartingPoint.Elsewhere)}");
                break;
            case 18:
                Add("edit", name, $"enabled={(_random.Next(2) == 0 ? "true" : "false")}", $"users=role{_random.Next(3)}", $"alias={Pick(Aliases)}{_random.Next(2)}");
                break;
            case 19:
                Add("create", "team-b/copy", $"primaryKeyOf={name}", "className=standard", $"region={Worlds.StartingPoint.Elsewhere}");
                break;
            case 20:
                Add("edit", name, $"alias={Pick(Aliases)}{_random.Next(2)}");
                _at += _random.NextDouble();
                Add("edit", name, $"alias={Pick(Aliases)}{_random.Next(2)}");
                break;
            case 0 or 1:
                Add("delete", name);
                break;
            case 2 or 3:
                Add("delete", name);
                _at += _random.NextDouble() * 3;
                Add("create", name, Spec());
                break;
            case 4:
                Add("create", name, Spec());
                break;
            case 5 or 6:
                Add("edit", name, $"alias={Pick(Aliases)}{_random.Next(2)}");
                break;
            case 7:
                Add("edit", name, $"enabled={(_random.Next(2) == 0 ? "true" : "false")}");
                break;
            case 8:
                Add("edit", name, $"deletionPolicy={(_random.Next(2) == 0 ? "Retain" : "Delete")}");
                break;
            case 9:
                Add("edit", name, $"description=d{++_values}", $"tag=t{_values}");
                break;
            case 10:
                Add("edit", name, "suspend=true");
                _at += _random.Next(1, 20);
                Add("edit", name, "suspend=false");
                break;
            case 11:
                Add("rotate-at", name, $"r{++_values}");
                break;
            case 12:
                Add("erase-status", name);
                break;
            case 13:
                Add("forge-status", name, Pick(Names));
                break;
            case 14:
                Add("take-finalizer-off", name);
                break;
            case 15:
                Add("edit-class", _random.Next(2) == 0 ? "standard" : "strict", _random.Next(2) == 0 ? $"deletionPolicy={(_random.Next(2) == 0 ? "Retain" : "Delete")}" : $"tag=c{++_values}");
                break;
            default:
                Add("edit", name, $"users={(_random.Next(3) == 0 ? "" : $"role{_random.Next(3)}")}");
                break;
        }
    }

    private void Process()
    {
        var name = Operator();
        switch (_random.Next(5))
        {
            case 0 or 1:
                Add("kill", name);
                break;
            case 2 or 3:
                Add("pause", name);
                _at += _random.Next(2) == 0 ? _random.Next(1, 5) : _random.Next(15, 45);
                Add("resume", name);
                break;
            default:
                Add("clock", name, $"{_random.Next(-120, 120)}");
                break;
        }
    }

    /// <summary>A kill or a stop at the moment when a request has had its effect.</summary>
    private void AtRequest()
    {
        var request = _random.Next(2) == 0 ? Pick(ApiRequests[..3]) : Pick(AwsWrites);
        if (_random.Next(2) == 0)
            Add("kill-at", Operator(), request, $"{_random.Next(1, 4)}");
        else
            Add("pause-at", Operator(), request, $"{_random.Next(1, 4)}", $"{_random.Next(5, 50)}");
    }

    private void Watches()
    {
        var name = Operator();
        switch (_random.Next(4))
        {
            case 0:
                Add("hold-watches", name);
                _at += _random.Next(1, 30);
                Add("release-watches", name);
                break;
            case 1:
                Add("watch-lag", name, $"{_random.Next(0, 5)}");
                break;
            case 2:
                Add("drop-watches", name);
                Add("compact");
                break;
            default:
                Add("drop-watches", name);
                break;
        }
    }

    private void Server()
    {
        switch (_random.Next(4))
        {
            case 0:
                Add("api-down");
                _at += _random.Next(1, 20);
                Add("api-up");
                break;
            case 1:
                Add("backup");
                break;
            case 2:
                Add("restore");
                break;
            default:
                // The lease of one shard, or the one that all operators share.
                Add("take-lease", _shards > 1 && _random.Next(4) > 0 ? [$"{_random.Next(_shards)}"] : []);
                break;
        }
    }

    private void Aws(string name)
    {
        switch (_random.Next(15))
        {
            case 0:
                Add("kms-disable", name);
                break;
            case 1:
                Add("kms-enable", name);
                break;
            case 2:
                Add("kms-policy", name);
                break;
            case 3:
                Add("kms-describe", name);
                break;
            case 4:
                Add("kms-rotation-off", name);
                break;
            case 5:
                Add("kms-tag", name, "team", "other");
                break;
            case 6:
                Add("kms-untag-marks", name);
                break;
            case 7:
                Add("kms-schedule-deletion", name);
                break;
            case 8:
                Add("kms-cancel-deletion", name);
                break;
            case 9 or 10:
                Add("kms-move-primary", name, Worlds.StartingPoint.Elsewhere);
                break;
            case 11:
                Add("kms-delete-alias", $"{Pick(Aliases)}{_random.Next(2)}");
                break;
            case 12:
                Add("kms-move-alias", $"{Pick(Aliases)}{_random.Next(2)}", name);
                break;
            case 13:
                Add("delete-role", $"role{_random.Next(3)}");
                break;
            default:
                Add("kms-create", $"{Pick(Aliases)}{_random.Next(2)}");
                break;
        }
    }

    private string[] Spec()
    {
        List<string> spec = [];
        if (_random.Next(3) == 0)
            spec.Add($"alias={Pick(Aliases)}{_random.Next(2)}");
        if (_random.Next(2) == 0)
            spec.Add($"deletionPolicy={(_random.Next(2) == 0 ? "Retain" : "Delete")}");
        if (_random.Next(4) == 0)
            spec.Add("className=strict");
        if (_random.Next(5) == 0)
            spec.Add("keySpec=HMAC_256");
        else if (_random.Next(3) == 0)
            spec.AddRange(_random.Next(3) == 0 ? ["multiRegion=true"] : ["multiRegion=true", $"replicaRegions={Worlds.StartingPoint.Elsewhere}"]);
        if (spec.Contains("keySpec=HMAC_256"))
            spec.Add("keyUsage=GENERATE_VERIFY_MAC");
        if (_random.Next(4) == 0)
            spec.Add($"users=role{_random.Next(3)}");
        if (_random.Next(8) == 0)
            spec.Add("takeOverAlias=true");
        return [.. spec];
    }

    private string Operator() => ((char)('A' + _random.Next(_operators))).ToString();

    private string Pick(string[] from) => from[_random.Next(from.Length)];

    private void Add(string verb, params string[] arguments) => _steps.Add(new ScriptStep(Math.Round(_at, 3), verb, arguments));

    private void Add(string verb, string subject, string[] arguments) => Add(verb, [subject, .. arguments]);
}
