using System.Text;
using System.Text.Json;
using KmsOperator.Kubernetes;

namespace KmsOperator.Benchmarks.Load;

/// <summary>A watch of the ServiceKeys of a namespace that costs little: a line is parsed only if it has a certain text in it.</summary>
internal sealed class KeyWatch : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly WatchLineReader _lines;

    private KeyWatch(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _lines = new WatchLineReader(stream);
    }

    public static async Task<KeyWatch> OpenAsync(ApiConnection api, string @namespace, CancellationToken cancellationToken)
    {
        var collection = ApiPaths.Keys(@namespace);
        var response = await api.WatchAsync(collection, await api.VersionAsync(collection, cancellationToken), cancellationToken);
        return new KeyWatch(response, await response.Content.ReadAsStreamAsync(cancellationToken));
    }

    public void Dispose() => _response.Dispose();

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
        while (await _lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.Bytes.Span.IndexOf(needle) < 0)
                continue;
            using var document = JsonDocument.Parse(line.Bytes);
            var found = document.RootElement.GetProperty("object");
            if (holds(found))
                return found.Clone();
        }

        throw new IOException("The API server ended the watch.");
    }
}
