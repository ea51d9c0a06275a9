namespace NetDeploy.Server.Storage;

/// <summary>The store cannot be opened or written, or lost a race too often.</summary>
public sealed class StoreException(string message, string remedy, Exception? inner = null) : ServerFault(message, remedy, inner);
