using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Sts;
using Microsoft.Extensions.Time.Testing;

namespace KmsSimulator.Tests.Protocol;

/// <summary>What holds whatever is called in whatever order, without HTTP in between.</summary>
public sealed class StateMachineProperties
{
    private const string Account = "123456789012";
    private static readonly string[] Regions = ["us-east-1", "eu-west-1"];

    private static readonly string[] Verbs =
    [
        "CreateKey", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "ReplicateKey", "UpdatePrimaryRegion", "EnableKeyRotation",
        "RotateKeyOnDemand", "CreateAlias", "UpdateAlias", "DeleteAlias", "TagResource", "Advance",
    ];

    private static readonly string[] Parameters =
    [
        "KeyId", "AliasName", "TargetKeyId", "Policy", "Tags", "TagKeys", "Limit", "Marker", "Description", "Operations", "GrantToken", "GrantId",
        "ReplicaRegion", "GranteePrincipal", "Constraints", "CiphertextBlob", "EncryptionContext",
    ];

    /// <summary>From which state to which others a key may go in one step, by a call or by time.</summary>
    private static readonly Dictionary<KeyState, KeyState> Moves = new()
    {
        [KeyState.Creating] = KeyState.Enabled | KeyState.PendingDeletion,
        [KeyState.Enabled] = KeyState.Disabled | KeyState.Pending | KeyState.Updating,
        [KeyState.Disabled] = KeyState.Enabled | KeyState.Pending,
        [KeyState.Updating] = KeyState.Enabled,
        [KeyState.PendingDeletion] = KeyState.Disabled,
        [KeyState.PendingReplicaDeletion] = KeyState.Disabled | KeyState.PendingDeletion,
    };

    private static readonly Gen<(int Verb, int Key, int Region, int Number)> Step = Gen.Select(
        Gen.Int[0, Verbs.Length - 1], Gen.Int[0, 5], Gen.Int[0, Regions.Length - 1], Gen.Int[0, 3]);

    [Fact]
    public void Keys_move_along_the_table_of_states_only_and_never_share_an_id() => Step.List[1, 60].Sample(
        steps =>
        {
            var world = new World(TimeSpan.Zero);
            var ids = new List<string>();
            var states = world.States();
            foreach (var step in steps)
            {
                world.Do(step, ids);
                var now = world.States();
                foreach (var (arn, state) in now)
                {
                    if (states.TryGetValue(arn, out var before))
                        Assert.True(before == state || (Moves[before] & state) != 0, $"{Verbs[step.Verb]}: {before} to {state}");
                    else
                        Assert.True(state is KeyState.Enabled or KeyState.Creating, $"born {state}");
                }

                states = now;
                world.CheckInvariants();
            }

            Assert.Equal(ids.Count, ids.Distinct().Count());
        },
        iter: 300);

    [Fact]
    public void Late_readers_see_the_truth_in_the_end() => Step.List[1, 40].Sample(
        steps =>
        {
            var world = new World(TimeSpan.FromSeconds(30));
            var ids = new List<string>();
            foreach (var step in steps)
                world.Do(step, ids);
            world.Advance(TimeSpan.FromMinutes(1));
            world.CheckReadersSeeTheTruth();
        },
        iter: 300);

    [Fact]
    public void Pages_of_any_size_hold_everything_exactly_once() => Gen.Select(Gen.Int[0, 30], Gen.Int[1, 12]).Sample(
        (count, limit) =>
        {
            var world = new World(TimeSpan.Zero);
            var ids = new List<string>();
            for (var i = 0; i < count; i++)
            {
                world.Do((0, 0, 0, i), ids);
                world.Call("CreateAlias", Regions[0], new JsonObject { ["AliasName"] = $"alias/{i}", ["TargetKeyId"] = ids[^1] });
            }

            Assert.Equal(ids.Order(StringComparer.Ordinal), All("ListKeys", "Keys", "KeyId"));
            Assert.Equal(
                Enumerable.Range(0, count).Select(i => $"alias/{i}").Concat(AwsManagedKeys.AliasNames).Order(StringComparer.Ordinal),
                All("ListAliases", "Aliases", "AliasName"));

            List<string> All(string operation, string list, string name)
            {
                var all = new List<string>();
                string? marker = null;
                do
                {
                    var page = world.Call(operation, Regions[0], new JsonObject { ["Limit"] = limit, ["Marker"] = marker })!;
                    Assert.True(page[list]!.AsArray().Count <= limit);
                    all.AddRange(page[list]!.AsArray().Select(item => (string)item![name]!));
                    marker = (string?)page["NextMarker"];
                    Assert.Equal(marker is not null, (bool)page["Truncated"]!);
                }
                while (marker is not null);
                return all;
            }
        },
        iter: 100);

    [Fact]
    public void Whatever_comes_as_input_is_answered() => Gen.Select(
        Gen.Int[0, OperationTable.Simulated.Count - 1], Gen.String, Gen.Int, Gen.Int[0, 4]).Sample(
        (operation, text, number, kind) =>
        {
            var world = new World(TimeSpan.Zero);
            JsonNode value = kind switch { 0 => text, 1 => number, 2 => true, 3 => new JsonArray(text), _ => new JsonObject { [text] = number } };
            var input = new JsonObject();
            foreach (var name in Parameters)
                input[name] = value.DeepClone();

            // Any exception but KMS's own errors fails the test.
            world.Call(OperationTable.Simulated.Keys.Order(StringComparer.Ordinal).ElementAt(operation), Regions[0], input);
        },
        iter: 2000);

    private sealed class World
    {
        private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        private readonly Simulation _simulation;
        private readonly KmsProtocol _kms;
        private readonly Caller _caller = new(Account, "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:user/x", "AIDA");

        public World(TimeSpan delay)
        {
            _simulation = new Simulation(new SimulatorOptions { ConsistencyDelay = delay }, _time, 1);
            _kms = new KmsProtocol(_simulation);
        }

        public void Advance(TimeSpan by) => _time.Advance(by);

        /// <summary>The answer, or null for an error of KMS. Any other exception is the simulator's own fault.</summary>
        public JsonNode? Call(string operation, string region, JsonObject input)
        {
            using var json = JsonDocument.Parse(input.ToJsonString());
            try
            {
                return JsonNode.Parse(_kms.Run(OperationTable.Simulated[operation], _caller, region, new KmsInput(json.RootElement), "id", _ => { }).Body.Span);
            }
            catch (ServiceException)
            {
                return null;
            }
        }

        public void Do((int Verb, int Key, int Region, int Number) step, List<string> ids)
        {
            var (verb, region) = (Verbs[step.Verb], Regions[step.Region]);
            var id = ids.Count == 0 ? "none" : ids[step.Key % ids.Count];
            switch (verb)
            {
                case "Advance":
                    Advance(step.Number switch { 0 => TimeSpan.FromSeconds(1), 1 => TimeSpan.FromDays(1), 2 => TimeSpan.FromDays(7), _ => TimeSpan.FromDays(100) });
                    break;
                case "CreateKey":
                    ids.Add((string)Call(verb, region, new JsonObject { ["MultiRegion"] = step.Number % 2 == 1 })!["KeyMetadata"]!["KeyId"]!);
                    break;
                default:
                    Call(verb, region, new JsonObject
                    {
                        ["KeyId"] = id,
                        ["TargetKeyId"] = id,
                        ["AliasName"] = $"alias/{step.Number}",
                        ["ReplicaRegion"] = Regions[1 - step.Region],
                        ["PrimaryRegion"] = Regions[1 - step.Region],
                        ["PendingWindowInDays"] = 7 + step.Number,
                        ["RotationPeriodInDays"] = 90 + step.Number,
                        ["Tags"] = new JsonArray(new JsonObject { ["TagKey"] = $"k{step.Number}", ["TagValue"] = "" }),
                    });
                    break;
            }
        }

        public Dictionary<string, KeyState> States() => Keys().ToDictionary(item => item.Key.Arn, item => item.Key.Current.State);

        public void CheckInvariants()
        {
            foreach (var (region, key) in Keys())
            {
                var record = key.Current;
                Assert.Equal(record.State == KeyState.PendingDeletion, record.DeletionDate is not null);
                Assert.Equal((record.State & KeyState.Pending) != 0, record.PendingWindowInDays is not null);
                Assert.True(key.Group.Members[key.Region] == key && key.Shared.Regions.SetEquals(key.Group.Members.Keys), "who is related is the same everywhere");
                Assert.True(key.Group.Members.ContainsKey(key.Shared.PrimaryRegion), "a primary outlives its replicas");
                Assert.All(key.AliasNames, name => Assert.Equal(key.KeyId, region.Alias(name)!.Record.Current!.TargetKeyId));
                Assert.True(record.State != KeyState.PendingReplicaDeletion || key.Group.Members.Count > 1, "it waits for somebody");
            }
        }

        public void CheckReadersSeeTheTruth()
        {
            foreach (var (region, key) in Keys())
            {
                var now = _time.GetUtcNow();
                Assert.Same(key.Current, key.Record.Read(now));
                Assert.Same(key.Shared, key.Group.Shared.Read(now));
                Assert.All(key.AliasNames, name => Assert.Equal(key.KeyId, region.Alias(name)!.Record.Read(now)!.TargetKeyId));
            }

            var account = _simulation.Account(Account);
            foreach (var region in account.Regions.Values)
                Assert.All(region.AliasNames, name => Assert.NotNull(region.Alias(name)!.Record.Read(_time.GetUtcNow())));
        }

        private List<(KmsAccountRegion Region, KeyEntry Key)> Keys()
        {
            var account = _simulation.Account(Account);
            account.Settle(_simulation.Clock.GetUtcNow());
            return [.. account.Regions.Values.SelectMany(region => region.KeyIds.Select(id => (region, region.Key(id)!)))];
        }
    }
}
