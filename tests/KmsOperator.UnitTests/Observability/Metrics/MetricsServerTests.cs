using System.Diagnostics.Metrics;
using KmsOperator.Configuration;
using KmsOperator.Observability.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Metrics;

public sealed class MetricsServerTests
{
    [Theory]
    [InlineData("kmsoperator_aws_requests_total", 1000, "calls are counted by account, Region and operation")]
    [InlineData("kmsoperator_aws_request_duration_seconds", 200, "calls are timed by operation alone")]
    [InlineData("kmsoperator_event_messages_total", 1000, "each account may have an event queue")]
    [InlineData("kmsoperator_other_total", 200, "the labels of all others come from fixed lists, and room for series costs memory")]
    public async Task An_instrument_has_room_for_as_many_series_as_its_labels_may_make(string instrument, int expected, string because)
    {
        using var meter = new Meter("kms-operator-test");
        using var collected = MetricsServer.Collect(meter);
        await using var server = await MetricsServer.StartAsync(
            new ListenAddress("127.0.0.1", 0), collected, certificate: null, gate: null, NullLogger.Instance, TestContext.Current.CancellationToken);
        var counter = meter.CreateCounter<long>(instrument);
        for (var account = 0; account < 1000; account++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("account", $"{account:D12}"));
        }

        using var client = new HttpClient();
        var series = (await client.GetStringAsync(new Uri($"{server.Url}/metrics"), TestContext.Current.CancellationToken)).Split('\n').Where(line => line.StartsWith(instrument, StringComparison.Ordinal)).ToArray();

        Assert.True(series.Count(line => line.Contains("account=", StringComparison.Ordinal)) == expected, because);
        Assert.Equal(1000, series.Sum(line => long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
