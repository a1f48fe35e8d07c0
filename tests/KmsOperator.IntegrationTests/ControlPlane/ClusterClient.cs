using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>
/// Sends the requests that kubectl sends, from this process. kubectl takes about 0.3 s of a core to start, and the tests ask some thousand times.
/// Thread-safe.
/// </summary>
public sealed class ClusterClient : IDisposable
{
    private const string JsonType = "application/json";
    private const int Attempts = 10;

    // Where objects are looked for that are asked for by name only.
    private static readonly string[] Roots = ["/apis/kms.servicekey.dev/v1alpha1", "/api/v1", "/apis/coordination.k8s.io/v1"];

    private readonly k8s.Kubernetes _client;
    private readonly ConcurrentDictionary<string, KindOnServer[]> _kinds = new();

    private ClusterClient(k8s.Kubernetes client) => _client = client;

    /// <summary>Reads a kubeconfig. Makes no request.</summary>
    public static ClusterClient Connect(string kubeconfig) => new(new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig)));

    /// <summary>Applies manifests as <c>kubectl apply --server-side --force-conflicts</c> does.</summary>
    /// <exception cref="InvalidOperationException">The server refuses one.</exception>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var manifest in YamlManifests.Read(yaml))
            (await ApplyAsync(manifest)).EnsureSuccess();
    }

    /// <summary>Applies one manifest.</summary>
    /// <param name="manifest">It has a name; without a namespace, it goes into <c>default</c>.</param>
    /// <param name="validation">What the server does with fields that it does not know.</param>
    public async Task<ServerAnswer> ApplyAsync(JsonObject manifest, string validation = "Strict")
    {
        var kind = await KindOfAsync(manifest);
        var path = kind.ObjectPath((string?)manifest["metadata"]!["namespace"] ?? "default", (string)manifest["metadata"]!["name"]!);
        return await SendAsync(
            HttpMethod.Patch, $"{path}?fieldManager=kubectl&force=true&fieldValidation={validation}", manifest.ToJsonString(), "application/apply-patch+yaml");
    }

    /// <summary>The object as the server has it; null when there is none.</summary>
    /// <param name="resource">As for kubectl: <c>sk/one</c>.</param>
    /// <param name="namespace">Of no meaning for kinds that are in none.</param>
    public async Task<JsonObject?> FindAsync(string resource, string @namespace)
    {
        var answer = await SendAsync(HttpMethod.Get, await PathAsync(resource, @namespace));
        return answer.Status == HttpStatusCode.NotFound ? null : answer.EnsureSuccess();
    }

    /// <summary>Changes an object by a JSON merge patch.</summary>
    public async Task PatchAsync(string resource, string @namespace, string patch) =>
        (await SendAsync(HttpMethod.Patch, $"{await PathAsync(resource, @namespace)}?fieldManager=kubectl", patch, "application/merge-patch+json")).EnsureSuccess();

    /// <summary>Asks for the deletion of an object, which finalizers may hold up; does nothing when there is none.</summary>
    public async Task DeleteAsync(string resource, string @namespace)
    {
        var answer = await SendAsync(HttpMethod.Delete, $"{await PathAsync(resource, @namespace)}?propagationPolicy=Background");
        if (answer.Status != HttpStatusCode.NotFound)
            answer.EnsureSuccess();
    }

    /// <summary>The kind of a manifest.</summary>
    internal async Task<KindOnServer> KindOfAsync(JsonObject manifest)
    {
        var version = (string)manifest["apiVersion"]!;
        var root = version.Contains('/', StringComparison.Ordinal) ? $"/apis/{version}" : $"/api/{version}";
        return await FindKindAsync(root, kind => kind.Kind == (string)manifest["kind"]!)
            ?? throw new InvalidOperationException($"The server has no {manifest["kind"]} in {version}.");
    }

    /// <summary>Sends a request. What the server asks to send later is sent later, as kubectl does it.</summary>
    internal async Task<ServerAnswer> SendAsync(HttpMethod method, string path, string? body = null, string contentType = JsonType)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(_client.BaseUri.AbsoluteUri.TrimEnd('/') + path));
            request.Headers.Accept.ParseAdd(JsonType);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, contentType);
            if (_client.Credentials is { } credentials)
                await credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
            using var response = await _client.HttpClient.SendAsync(request);
            if (response.StatusCode != HttpStatusCode.TooManyRequests || attempt == Attempts)
                return new ServerAnswer(response.StatusCode, await response.Content.ReadAsStringAsync());
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<string> PathAsync(string resource, string @namespace)
    {
        var (name, key) = resource.Split('/') is [var first, var second] ? (first, second) : throw new ArgumentException($"{resource} is not like sk/one.", nameof(resource));
        foreach (var root in Roots)
        {
            if (await FindKindAsync(root, kind => kind.IsCalled(name)) is { } found)
                return found.ObjectPath(@namespace, key);
        }
        throw new InvalidOperationException($"The server has no {name} in {string.Join(" and ", Roots)}.");
    }

    /// <summary>A kind of a group and version. What is not known is asked for again: CRDs come and go.</summary>
    private async Task<KindOnServer?> FindKindAsync(string root, Func<KindOnServer, bool> isIt)
    {
        if (_kinds.TryGetValue(root, out var known) && known.FirstOrDefault(isIt) is { } found)
            return found;
        var answer = await SendAsync(HttpMethod.Get, root);
        if (answer.Status == HttpStatusCode.NotFound)
            return null;
        _kinds[root] = [.. KindOnServer.ReadAll(root, answer.EnsureSuccess())];
        return _kinds[root].FirstOrDefault(isIt);
    }
}
