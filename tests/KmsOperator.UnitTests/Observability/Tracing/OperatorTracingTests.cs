using System.Diagnostics;
using KmsOperator.Observability.Tracing;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Tracing;

public sealed class OperatorTracingTests
{
    [Theory]
    [InlineData("", false, "off by default")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", true, "an endpoint says where")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4317", true, "so does the one for traces")]
    [InlineData("OTEL_TRACES_EXPORTER=otlp", true, "to the default endpoint")]
    [InlineData("OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", false, "none is none")]
    [InlineData("OTEL_TRACES_EXPORTER=zipkin", false, "there is no other exporter here")]
    [InlineData("OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", false, "switched off for all")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=", false, "empty is unset, as the specification has it")]
    public void Traces_are_sent_when_the_environment_asks_for_it(string environment, bool wanted, string why)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.True(OperatorTracing.IsWanted(variables.GetValueOrDefault) == wanted, why);
    }

    [Fact]
    public void Without_traces_no_span_is_made()
    {
        using var source = new ActivitySource("quiet");

        Assert.Null(OperatorTracing.Start(source, _ => null, "1", "one"));
        Assert.Null(source.StartActivity("span"));
    }
}
