namespace KmsOperator.Planning.Cel;

/// <summary>An evaluation needs more steps than it may. No part of the expression goes on after that, so it is no <see cref="CelError"/>.</summary>
internal sealed class CelLimitException(string message) : Exception(message);
