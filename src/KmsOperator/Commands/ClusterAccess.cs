using System.Net;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Kubernetes;

namespace KmsOperator.Commands;

/// <summary>Connects a verb to a cluster, and says what went wrong in one sentence.</summary>
internal static class ClusterAccess
{
    /// <summary>Does something with a cluster.</summary>
    /// <param name="connect">Connects; null when there is no configuration.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="action">What to do.</param>
    /// <returns>The exit code of the action; 1 when the cluster cannot be used.</returns>
    public static async Task<int> UseAsync(Func<KubernetesApi?> connect, TextWriter errors, Func<KubernetesApi, Task<int>> action)
    {
        try
        {
            WebIdentity.Register();
            using var api = connect();
            if (api is not null)
            {
                return await action(api);
            }

            await errors.WriteLineAsync("There is no kubeconfig: set KUBECONFIG to a file, or run in a pod.");
        }
        catch (StartFailedException e)
        {
            await errors.WriteLineAsync(e.Message);
        }
        catch (Exception e) when (Describe(e) is not null)
        {
            await errors.WriteLineAsync(Describe(e));
        }

        return ExitCodes.Failure;
    }

    /// <summary>What a failed call of the API server means, and what to do.</summary>
    /// <returns>Null for exceptions that do not come from a call.</returns>
    public static string? Describe(Exception exception) => exception switch
    {
        KubernetesApiException { IsNotFound: true } => $"The API server: {Clause(exception)}. Are the operator's CRDs installed there? --context names another cluster.",
        KubernetesApiException { StatusCode: HttpStatusCode.Unauthorized } => $"The API server does not accept the kubeconfig's credentials: {Clause(exception)}. Log in again.",
        KubernetesApiException => $"The API server: {Clause(exception)}.",
        HttpRequestException or IOException or TimeoutException => $"The API server cannot be reached: {Clause(exception)}. Is it running? --context names another cluster of the kubeconfig.",
        _ => null,
    };

    private static string Clause(Exception exception) => exception.Message.TrimEnd('.', '\n');
}
