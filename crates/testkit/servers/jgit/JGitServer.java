import java.io.File;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jgit.http.server.GitServlet;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.transport.ReceivePack;
import org.eclipse.jgit.transport.RefFilter;
import org.eclipse.jgit.transport.UploadPack;

/**
 * JGit's git server over HTTP for tests: {@code java -cp LIBRARIES JGitServer.java FOLDER} prints its port and serves until its
 * input ends.
 *
 * <p>A repository is created by the first request for it. Words in its name choose what it does: {@code reftable} keeps the refs in a
 * reftable, {@code heads-only} takes branches only, {@code hidden} also does not advertise other refs. A branch
 * with {@code locked} in its name is refused, with a message of Gerrit.
 */
public final class JGitServer {
  public static void main(String[] arguments) throws Exception {
    File root = new File(arguments[0]);
    GitServlet git = new GitServlet();
    git.setRepositoryResolver((request, name) -> open(new File(root, name)));
    git.setReceivePackFactory((request, repository) -> receivePack(repository));
    git.setUploadPackFactory((request, repository) -> {
      UploadPack pack = new UploadPack(repository);
      pack.setExtraParameters(java.util.List.of(String.valueOf(request.getHeader("Git-Protocol"))));
      if (has(repository, "hidden")) {
        pack.setRefFilter(JGitServer::branches);
      }
      return pack;
    });
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(git), "/*");
    server.setHandler(context);
    server.start();
    System.out.println(connector.getLocalPort());
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  private static ReceivePack receivePack(Repository repository) {
    ReceivePack pack = new ReceivePack(repository);
    pack.setAllowPushOptions(true);
    if (has(repository, "hidden")) {
      pack.setRefFilter(JGitServer::branches);
    }
    boolean onlyBranches = has(repository, "heads-only") || has(repository, "hidden");
    pack.setPreReceiveHook((receiving, commands) -> check(commands, onlyBranches));
    return pack;
  }

  private static void check(Collection<ReceiveCommand> commands, boolean onlyBranches) {
    for (ReceiveCommand command : commands) {
      if (command.getRefName().contains("locked")) {
        command.setResult(ReceiveCommand.Result.REJECTED_OTHER_REASON, "prohibited by Gerrit: not permitted: update");
      } else if (onlyBranches && !command.getRefName().startsWith("refs/heads/")) {
        command.setResult(ReceiveCommand.Result.REJECTED_OTHER_REASON, "prohibited by Gerrit: not permitted: create");
      }
    }
  }

  private static Map<String, Ref> branches(Map<String, Ref> refs) {
    return refs.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith("refs/heads/") || entry.getKey().equals("HEAD"))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static boolean has(Repository repository, String word) {
    return repository.getDirectory().getName().contains(word);
  }

  private static synchronized Repository open(File folder) throws java.io.UncheckedIOException {
    try {
      FileRepository repository = new FileRepository(folder);
      if (!folder.exists()) {
        repository.create(true);
        if (folder.getName().contains("reftable")) {
          repository.convertRefStorage("reftable", false, false);
        }
      }
      return repository;
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }
}
