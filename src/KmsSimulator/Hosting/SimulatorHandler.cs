using System.Net;
using System.Security.Cryptography;
using KmsSimulator.Admin;
using KmsSimulator.Protocol;
using KmsSimulator.Sqs;
using KmsSimulator.State;
using Microsoft.AspNetCore.Http.Features;

namespace KmsSimulator;

/// <summary>
/// A simulator in the caller's process that is reached without sockets: an <see cref="HttpClient"/> with this handler speaks to KMS, to STS, to SQS and
/// to <c>/_sim/…</c>, whatever host its requests name.
/// </summary>
/// <remarks>
/// <para>A call that no fault delays has ended when <see cref="HttpMessageHandler.SendAsync"/> returns: no thread is switched and no timer is
/// used. Delays wait on the given clock. What waits, but for a receive of SQS, goes on where the caller's <see cref="SynchronizationContext"/> or
/// <see cref="TaskScheduler"/> says, or on the thread pool when there is neither.</para>
/// <para>A connection that a fault drops is an <see cref="HttpRequestException"/>. A caller that cancels leaves; its call still has its effect,
/// as it has over a network; but a receive of SQS that waits then takes no message.</para>
/// </remarks>
public sealed class SimulatorHandler : HttpMessageHandler
{
    private readonly Simulation _simulation;
    private readonly RequestRouter _router;

    /// <summary>Makes a simulator with nothing in it.</summary>
    /// <param name="options">Quotas, delays, seed; the port is not used.</param>
    /// <param name="time">The clock that <c>/_sim/clock</c> adds to; also measures quotas and delays.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public SimulatorHandler(SimulatorOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _simulation = new Simulation(options, time, options.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue));
        _router = new RequestRouter(new CallPipeline(_simulation), new AdminInterface(_simulation));
    }

    /// <summary>Everything that the simulator knows, for tests that compare it with what others say.</summary>
    internal Simulation State => _simulation;

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Headers.TryGetValues("X-Amz-Target", out var targets) && targets.First().StartsWith(SqsProtocol.TargetPrefix, StringComparison.Ordinal)
            ? WithoutContext.Run(() => AnswerAsync(request, cancellationToken))
            : AnswerAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Nobody lets the calls that are held go any more.
        if (disposing)
            _simulation.Faults.Clear();
        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = new Connection();
        connection.RequestAborted = cancellationToken;
        var context = await ContextAsync(request, connection, cancellationToken);
        await _router.HandleAsync(context).WaitAsync(cancellationToken);
        if (connection.IsDropped)
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "kms-simulator dropped the connection, as a fault asked it to.");
        return Response(context.Response, request);
    }

    private static async Task<HttpContext> ContextAsync(HttpRequestMessage message, Connection connection, CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(connection);
        var request = context.Request;
        var uri = message.RequestUri!;
        request.Method = message.Method.Method;
        request.Scheme = uri.Scheme;
        request.Host = HostString.FromUriComponent(uri);
        request.Path = PathString.FromUriComponent(uri.AbsolutePath);
        request.QueryString = new QueryString(uri.Query);
        foreach (var (name, values) in message.Headers.NonValidated)
            request.Headers[name] = values.ToArray();
        if (message.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                request.Headers[name] = values.ToArray();
            request.Body = new MemoryStream(await content.ReadAsByteArrayAsync(cancellationToken));
        }

        context.Response.Body = new MemoryStream();
        return context;
    }

    private static HttpResponseMessage Response(HttpResponse answer, HttpRequestMessage request)
    {
        var body = (MemoryStream)answer.Body;
        var response = new HttpResponseMessage((HttpStatusCode)answer.StatusCode)
        {
            RequestMessage = request,
            Content = new ByteArrayContent(body.ToArray()),
        };
        foreach (var (name, values) in answer.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                response.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        return response;
    }

    /// <summary>What stands for the connection: it can only be dropped.</summary>
    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public bool IsDropped { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsDropped = true;
    }
}
