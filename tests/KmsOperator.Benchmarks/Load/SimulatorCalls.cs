using System.Text.Json;

namespace KmsOperator.Benchmarks.Load;

/// <summary>A call that the simulator has received.</summary>
/// <param name="Time">When it came.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Key">The key's ARN; null where there is none.</param>
internal sealed record SimulatorCall(DateTimeOffset Time, string Operation, string? Key);

/// <summary>The simulator's record of its last 100,000 calls.</summary>
internal sealed class SimulatorCalls(string endpoint) : IDisposable
{
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<SimulatorCall>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var answer = await _http.GetStreamAsync(new Uri($"{endpoint}/_sim/calls?detail=1"), cancellationToken);
        using var calls = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
        return
        [
            .. calls.RootElement.EnumerateArray().Select(call => new SimulatorCall(
                call.GetProperty("time").GetDateTimeOffset(), call.GetProperty("operation").GetString()!, call.GetProperty("key").GetString())),
        ];
    }
}
