using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Plans;
using Microsoft.Extensions.Logging;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

/// <summary>Nothing that the operator says has key material in it, in whatever notation.</summary>
public sealed class MaterialSecrecyTests
{
    private const string Class = """
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: KeyClass
        metadata: {name: standard, annotations: {kms.servicekey.dev/is-default-class: "true"}}
        spec: {region: us-east-1, aliasPrefix: acme, access: {administrators: [Admin]}, allowed: {materialSecrets: ["*"]}}
        """;

    // bytes of the Secret, what else goes wrong
    public static TheoryData<byte[], string?> Cases => new()
    {
        { MaterialScenario.First, null },
        { [.. MaterialScenario.First, 10], null },
        { MaterialScenario.First, "ImportKeyMaterial error5xx" },
        { MaterialScenario.First, "ImportKeyMaterial accessDenied" },
        { MaterialScenario.First, "GetParametersForImport dropAfter" },
        { MaterialScenario.First, "RotateKeyOnDemand accessDenied" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_log_event_status_plan_trace_or_request_has_the_material(byte[] material, string? fault)
    {
        var said = new ConcurrentQueue<string>();
        using var loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(new Recorder(said)));
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => said.Enqueue($"{activity.DisplayName} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Events.SelectMany(e => e.Tags))}"),
        };
        ActivitySource.AddActivityListener(listener);
        using var op = new OperatorUnderTest(new OperatorTestOptions { AwsFront = inner => new Requests(said, inner) }, loggers);
        op.User.Apply(Class);
        op.User.Apply(Secret("one", material), Scenario.Namespace);
        op.User.Apply(Secret("two", MaterialScenario.Second), Scenario.Namespace);
        if (fault?.Split(' ') is [var operation, var kind])
            await op.Aws.PostAsync("/_sim/faults", $$"""{"operation": "{{operation}}", "kind": "{{kind}}", "count": 3}""");

        foreach (var secret in (string[])["one", "two"])
        {
            var manifest = Scenario.Key("key", MaterialScenario.Origin, "multiRegion: true", "replicaRegions: [eu-west-1]", MaterialScenario.Material(secret));
            foreach (var format in (string[])["text", "json", "markdown"])
                said.Enqueue((await op.PrintAsync(format, manifest)).Output);
            op.User.Apply(manifest, Scenario.Namespace);
            await op.SettleAsync(TimeSpan.FromHours(1));
        }

        foreach (var kindName in (string[])["ServiceKey", "KeyReplica", "KeyClass", "Event", "ConfigMap"])
            said.Enqueue(string.Join('\n', op.User.List(kindName).Select(found => found.ToJsonString())));
        Assert.Contains(said, text => text.Contains("ImportKeyMaterial", StringComparison.Ordinal));
        foreach (var secret in (byte[][])[material, MaterialScenario.Second])
        {
            foreach (var (notation, text) in Notations(secret))
                Assert.False(said.Any(one => one.Contains(text, StringComparison.OrdinalIgnoreCase)), $"{notation} of the material is said.");
        }
    }

    [Fact]
    public void The_notations_are_found_where_they_are()
    {
        var dump = $"x{Convert.ToBase64String(MaterialScenario.First)} {Convert.ToHexString(MaterialScenario.First)} {Encoding.Latin1.GetString(MaterialScenario.First)} {string.Join(", ", MaterialScenario.First)}";

        Assert.All(Notations(MaterialScenario.First), one => Assert.Contains(one.Text, dump, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Eight bytes from the middle are enough to be found. In base64 they stand at one of three places of a group; that of the whole is looked for.</summary>
    private static (string Notation, string Text)[] Notations(byte[] material)
    {
        var part = material[9..17];
        return
        [
            ("base64", Convert.ToBase64String(material)[12..22]),
            ("hexadecimal", Convert.ToHexString(part)),
            ("raw bytes", Encoding.Latin1.GetString(part)),
            ("decimal", string.Join(", ", part)),
        ];
    }

    private static string Secret(string name, byte[] material) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: {{name}}}
        data: {material: "{{Convert.ToBase64String(material)}}"}
        """;

    private sealed class Requests(ConcurrentQueue<string> said, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            said.Enqueue($"{request.RequestUri} {request.Headers} {Encoding.Latin1.GetString(body)}");
            return await base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Recorder(ConcurrentQueue<string> said) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            said.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
