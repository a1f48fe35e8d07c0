using System.Collections.Concurrent;
using KmsSimulator.Admin;
using KmsSimulator.Faults;
using KmsSimulator.Import;
using KmsSimulator.Policies;
using KmsSimulator.Quotas;
using KmsSimulator.Sqs;
using KmsSimulator.Sts;
using KmsSimulator.Trail;

namespace KmsSimulator.State;

/// <summary>Everything there is: accounts, and what the admin interface steers.</summary>
internal sealed class Simulation
{
    private readonly ConcurrentDictionary<string, KmsAccount> _accounts = new();
    private readonly Seed _seed;
    private readonly TimeSpan _consistencyDelay;

    public Simulation(SimulatorOptions options, TimeProvider time, int seed)
    {
        _consistencyDelay = options.ConsistencyDelay;
        TransitionTime = options.TransitionTime;
        UsageTrackingSince = options.UsageTrackingSince;
        Time = time;
        Clock = new SimulatorClock(time);
        _seed = new Seed(seed);
        Quotas = new RequestQuotas(options.QuotaScale, time);
        Principals = new PrincipalDirectory(_seed);
        Trail = new CallTrail(this);
    }

    /// <summary>The time that passes by itself: quotas and delays are about that one.</summary>
    public TimeProvider Time { get; }

    /// <summary>The time that keys live in.</summary>
    public SimulatorClock Clock { get; }

    public TimeSpan TransitionTime { get; }

    /// <summary>Since when KMS records uses of keys; null is since always.</summary>
    public DateTimeOffset? UsageTrackingSince { get; }

    public PrincipalDirectory Principals { get; }

    public Organizations Organizations { get; } = new();

    public SessionStore Sessions { get; } = new();

    public RoleRules Roles { get; } = new();

    public CustomKeyStores KeyStores { get; } = new();

    public FaultPlan Faults { get; } = new();

    public RequestQuotas Quotas { get; }

    public WrappingKeys WrappingKeys { get; } = new();

    public CallLog Calls { get; } = new();

    public SqsQueues Queues { get; } = new();

    /// <summary>Where the events of calls of KMS go.</summary>
    public CallTrail Trail { get; }

    public KmsAccount Account(string id) =>
        _accounts.GetOrAdd(id, static (key, simulation) => new KmsAccount(key, simulation._seed, simulation._consistencyDelay, simulation.Clock), this);

    /// <summary>All accounts that were ever called, by id.</summary>
    public IEnumerable<KmsAccount> Accounts => _accounts.Values.OrderBy(account => account.Id, StringComparer.Ordinal);

    /// <summary>Keys, calls, faults, clock, principals, organizations, roles, custom key stores, quotas and queues as at the start. Sessions stay: clients hold on to them.</summary>
    public void Reset()
    {
        _accounts.Clear();
        Calls.Clear();
        Faults.Clear();
        Clock.Reset();
        Principals.Reset();
        Organizations.Reset();
        Roles.Reset();
        KeyStores.Reset();
        Quotas.Reset();
        Sessions.Reset();
        Trail.Reset();
        Queues.Reset();
    }
}
