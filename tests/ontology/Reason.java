// Reads an ontology from a file and prints what keeps it from being OWL 2 DL, consistent and free of unsatisfiable
// classes, one problem a line; prints "checked N axioms" when it is done. Run by test_reasoning.py.

import java.io.File;
import org.semanticweb.HermiT.Reasoner;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLClass;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;

public class Reason {
    public static void main(String[] arguments) throws Exception {
        OWLOntology ontology =
            OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(arguments[0]));
        for (OWLProfileViolation violation : new OWL2DLProfile().checkOntology(ontology).getViolations()) {
            System.out.println("not OWL 2 DL: " + violation);
        }
        Reasoner reasoner = new Reasoner(ontology);
        if (!reasoner.isConsistent()) {
            System.out.println("inconsistent");
        } else {
            for (OWLClass unsatisfiable : reasoner.getUnsatisfiableClasses().getEntitiesMinusBottom()) {
                System.out.println("unsatisfiable: " + unsatisfiable);
            }
        }
        System.out.println("checked " + ontology.getAxiomCount() + " axioms");
    }
}
