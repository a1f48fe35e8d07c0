using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Kinds;
using KmsOperator.UnitTests.Kubernetes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

public sealed class ComparisonScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private static readonly OperatorSettings Settings = new("test", DriftPeriod: TimeSpan.FromHours(10), Window, DeletionGuard: TimeSpan.Zero);

    // A key that was verified an hour ago, long after its last change.
    private static readonly KeyStatus Verified = new()
    {
        KeyId = "key-1",
        DesiredSha256 = "same",
        ObservedGeneration = 1,
        LastVerifiedAt = Now.AddHours(-1),
        LastChangedAt = Now.AddDays(-1),
    };

    private static MaterialStatus ValidTo(double minutes) => new() { ValidTo = Now.AddMinutes(minutes) };

    private static readonly Condition IsReady = new() { Type = ConditionTypes.Ready, Status = "True", Reason = Reasons.Available };

    // The status, whether the key is compared now, and why.
    private static readonly (string Name, KeyStatus Status, bool IsDue, string Why)[] Statuses =
    [
        ("verified", Verified, false, "its time has not come"),
        ("verified long ago", Verified with { LastVerifiedAt = Now.AddHours(-12) }, true, "a drift period and its spread are over"),
        ("other hash", Verified with { DesiredSha256 = "other" }, true, "the desired state is new"),
        ("other generation", Verified with { ObservedGeneration = 0 }, true, "the spec is new"),
        ("never verified", Verified with { LastVerifiedAt = null }, false, "another process may have written it just now, so the window is waited for"),
        ("changed before it was verified", Verified with { LastChangedAt = Now.AddHours(-1).AddSeconds(-1) }, false, "the comparison may have seen the state before the change, so the window is waited for"),
        ("verified in the future", Verified with { LastVerifiedAt = Now.AddDays(3) }, false, "it counts as verified now"),
        ("suspended", Verified with { Conditions = [new() { Type = ConditionTypes.Ready, Status = "False", Reason = Reasons.Suspended }] }, true, "nobody looked at it meanwhile"),
        ("not ready", Verified with { Conditions = [new() { Type = ConditionTypes.Ready, Status = "False", Reason = Reasons.AccessDenied }] }, false, "retries have their own times"),
        ("material expired", Verified with { Material = ValidTo(-1) }, true, "the key cannot be used since"),
        ("material expired before it was verified", Verified with { Material = ValidTo(-90) }, false, "the comparison has seen it"),
        ("ready although its material expired", Verified with { Material = ValidTo(-90), Conditions = [IsReady] }, true, "KMS still showed the material half an hour after its time; another half hour is over"),
        ("ready, and its material expired just before", Verified with { Material = ValidTo(-150), Conditions = [IsReady] }, false, "KMS still showed the material; the next look comes when twice as much time is over"),
        ("verified in the future, after its material expires", Verified with { LastVerifiedAt = Now.AddDays(3), Material = ValidTo(60 * 24), Conditions = [IsReady] }, false, "it counts as verified now, and the material is still there"),
        ("material expires later", Verified with { Material = ValidTo(1) }, false, "it is still there"),
    ];

    public static TheoryData<string> StatusNames => [.. Statuses.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(StatusNames))]
    public void A_key_is_compared_when_something_is_new_or_its_time_has_come(string name)
    {
        var (_, status, isDue, why) = Statuses.Single(one => one.Name == name);

        Assert.True(Schedule().IsDue(Context(status), "same", isRotationRequested: false) == isDue, why);
        Assert.True(Schedule().IsDue(Context(status), "same", isRotationRequested: true), "a rotation is asked for");
        Assert.True(Schedule().IsDue(Context(status, new ComparisonRequest { NotBefore = Now }), "same", isRotationRequested: false), "somebody has changed the key");
    }

    // Minutes from the last change to the verification, minutes from that until the material expires; hours or minutes until the next comparison, at least and at most; why.
    public static TheoryData<double, double?, double, double, string> Nexts => new()
    {
        { 60, null, 9 * 60, 11 * 60, "a drift period, a tenth more or less" },
        { 4, null, 1, 2, "what is left of the window, and a fifth of the window more" },
        { 60, 30, 30, 31, "the status must say that the material expired" },
        { 60, 1000, 9 * 60, 11 * 60, "the next comparison comes before the material expires" },
        { 60, 0.01, 0.03, 0.05, "the status must say so just after that" },
        { 60, -0.03, 0.03, 0.04, "KMS still shows the material that expired two seconds ago: its clock is behind" },
        { 60, -30, 30, 30, "as before, for half an hour" },
        { 60, -6000, 9 * 60, 11 * 60, "a drift period is over before twice that time" },
        { 4, -30, 1, 2, "the window is over before" },
    };

    [Theory]
    [MemberData(nameof(Nexts))]
    public void The_next_comparison_is_a_drift_period_later_unless_something_happens_before(double sinceChange, double? validTo, double atLeast, double atMost, string why)
    {
        var times = Enumerable.Range(0, 50).Select(seed => (Schedule(seed).Next(Now, Now.AddMinutes(-sinceChange), validTo is { } minutes ? Now.AddMinutes(minutes) : null) - Now).TotalMinutes).ToArray();

        Assert.All(times, time => Assert.True(time >= atLeast && time <= atMost, $"{why}: {time}"));
        Assert.True(Math.Abs(validTo ?? 1000) <= 30 && sinceChange == 60 || times.Distinct().Count() > 10, "many keys are not compared at once");
    }

    [Theory]
    [InlineData(5, true, 10, "whoever asks does not wait for the whole window")]
    [InlineData(5, false, 300, "nobody waits for it")]
    [InlineData(0.1, true, 6, "the window itself is shorter")]
    public void A_value_as_before_a_write_is_doubted_for_the_window_or_for_seconds_where_somebody_asks(double windowMinutes, bool isAsked, double seconds, string why)
    {
        var schedule = new ComparisonSchedule(Settings with { ConsistencyWindow = TimeSpan.FromMinutes(windowMinutes) }, new Random(1));

        Assert.True(schedule.Doubt(isAsked) == TimeSpan.FromSeconds(seconds), why);
    }

    // The status, whether somebody asks; how many seconds old the list of aliases may be; why.
    private static readonly (string Name, KeyStatus Status, bool IsAsked, double Seconds, string Why)[] Lists =
    [
        ("usual", Verified, false, AliasDirectory.UsualAge.TotalSeconds, "the list is shared by many keys"),
        ("asked", Verified, true, 0, "whoever asks wants to know what is"),
        ("looked for", Verified with { FormerAliasNames = ["alias/old"] }, false, 0, "an older list may not show the alias that is looked for"),
        ("within the window", Verified with { LastChangedAt = Now - Window + TimeSpan.FromSeconds(1) }, false, AliasDirectory.UsualAge.TotalSeconds, "what is read counts as stale anyway"),
        ("just after the window", Verified with { LastChangedAt = Now - Window - TimeSpan.FromSeconds(7) }, false, 7, "a list from within the window may show the state before the write"),
        ("long after the window", Verified with { LastChangedAt = Now - Window - TimeSpan.FromHours(1) }, false, AliasDirectory.UsualAge.TotalSeconds, "the list is younger than that"),
    ];

    public static TheoryData<string> ListNames => [.. Lists.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(ListNames))]
    public void A_list_of_aliases_may_be_as_old_as_it_is_good_for(string name)
    {
        var (_, status, isAsked, seconds, why) = Lists.Single(one => one.Name == name);

        var age = Now - Schedule().AliasesNotBefore(Context(status, isAsked ? new ComparisonRequest { NotBefore = Now } : null), status);

        Assert.True(age == TimeSpan.FromSeconds(seconds), $"{why}: {age}");
    }

    private static ComparisonSchedule Schedule(int seed = 1) => new(Settings, new Random(seed));

    private static ReconcileContext<ServiceKey> Context(KeyStatus status, ComparisonRequest? request = null) => new(
        new InMemoryApi(),
        new NoEvents(),
        new FakeTimeProvider(Now),
        ResourceTypes.ServiceKeys,
        new ServiceKey { Metadata = new() { Namespace = "team", Name = "one", Uid = "1", Generation = 1 }, Status = status },
        new ReconcileCacheEntry(),
        comparisonRequest: request);
}
