using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using KmsOperator.Kubernetes;

namespace KmsOperator.Benchmarks.Load;

/// <summary>A watch of the ServiceKeys of a namespace that costs little: a line is parsed only if it has a certain text in it.</summary>
internal sealed class KeyWatch : IDisposable
{
    private readonly ApiConnection _api;
    private readonly string _collection;
    private string _version;
    private HttpResponseMessage? _response;
    private WatchLineReader? _lines;

    private KeyWatch(ApiConnection api, string collection, string version) => (_api, _collection, _version) = (api, collection, version);

    public static async Task<KeyWatch> OpenAsync(ApiConnection api, string @namespace, CancellationToken cancellationToken)
    {
        var collection = ApiPaths.Keys(@namespace);
        var watch = new KeyWatch(api, collection, await api.VersionAsync(collection, cancellationToken));
        await watch.ConnectAsync(cancellationToken);
        return watch;
    }

    public void Dispose() => _response?.Dispose();

    /// <summary>Waits until so many keys have had a state.</summary>
    /// <param name="count">How many keys.</param>
    /// <param name="text">What stands in every line with that state. The API server writes the fields of an object in the order of their names.</param>
    /// <param name="holds">Whether the object has the state.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task UntilAsync(int count, string text, Func<JsonElement, bool> holds, CancellationToken cancellationToken)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        while (done.Count < count)
            done.Add((await NextAsync(text, holds, cancellationToken)).GetProperty("metadata").GetProperty("name").GetString()!);
    }

    /// <summary>The next object that has the text in its line and the state.</summary>
    public async Task<JsonElement> NextAsync(string text, Func<JsonElement, bool> holds, CancellationToken cancellationToken)
    {
        var needle = Encoding.UTF8.GetBytes(text);
        while (true)
        {
            if (await _lines!.ReadAsync(cancellationToken) is not { } line)
            {
                // The API server ends the watch of a client that reads too slowly for a moment.
                await ConnectAsync(cancellationToken);
                continue;
            }

            _version = VersionIn(line.Bytes.Span);
            if (line.Bytes.Span.IndexOf(needle) < 0)
                continue;
            using var document = JsonDocument.Parse(line.Bytes);
            var found = document.RootElement.GetProperty("object");
            if (holds(found))
                return found.Clone();
        }
    }

    private static string VersionIn(ReadOnlySpan<byte> line)
    {
        var name = "\"resourceVersion\":\""u8;
        var start = line.IndexOf(name);
        return start >= 0 && Utf8Parser.TryParse(line[(start + name.Length)..], out ulong version, out _)
            ? version.ToString(CultureInfo.InvariantCulture)
            : throw new IOException($"The watch says: {Encoding.UTF8.GetString(line)}");
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _response?.Dispose();
        _response = await _api.WatchAsync(_collection, _version, cancellationToken);
        _lines = new WatchLineReader(await _response.Content.ReadAsStreamAsync(cancellationToken));
    }
}
